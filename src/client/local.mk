# All of the client is a library, so that unit tests can reach its parts.
noinst_LIBRARIES += src/client/libclient.a
src_client_libclient_a_SOURCES = \
	src/cli/opts.c src/cli/opts.h \
	src/client/chat.c \
	src/client/client.h \
	src/client/commands.def \
	src/client/http.c src/client/http.h \
	src/client/identity.c src/client/identity.h \
	src/client/key.c \
	src/client/main.c \
	src/client/raw.c \
	src/client/receipt.c src/client/receipt.h \
	src/client/reply.c src/client/reply.h
EXTRA_DIST += t/4060-client.bats
EXTRA_DIST += src/auth/did_auth.h src/auth/did_document.h src/codec/multibase.h src/codec/sse.h src/crypto/key.h
