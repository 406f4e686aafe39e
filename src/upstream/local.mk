libgw_a_SOURCES += \
	src/upstream/lease.h \
	src/upstream/loop.c src/upstream/loop.h \
	src/upstream/pool.c \
	src/upstream/upstream.c src/upstream/upstream.h
