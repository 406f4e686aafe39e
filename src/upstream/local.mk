libgw_a_SOURCES += \
	src/upstream/lease.h \
	src/upstream/pool.c \
	src/upstream/upstream.c src/upstream/upstream.h \
	src/upstream/wait.c src/upstream/wait.h
