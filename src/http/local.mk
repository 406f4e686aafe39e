libgw_a_SOURCES += src/http/access_log.c src/http/access_log.h
libgw_a_SOURCES += src/http/cors.c src/http/cors.h
libgw_a_SOURCES += src/http/listener.c src/http/listener.h
libgw_a_SOURCES += src/http/reply.c src/http/reply.h
libgw_a_SOURCES += src/http/reply_error.c src/http/reply_error.h
libgw_a_SOURCES += src/http/request.c src/http/request.h
libgw_a_SOURCES += src/http/responder.c src/http/responder.h
libgw_a_SOURCES += src/http/workers.c src/http/workers.h
