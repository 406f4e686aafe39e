libgw_a_SOURCES += \
	src/util/arena.c src/util/arena.h \
	src/util/banned.h \
	src/util/buf.c src/util/buf.h \
	src/util/clock.c src/util/clock.h \
	src/util/conf.c src/util/conf.def src/util/conf.h \
	src/util/conf_ready.c \
	src/util/conf_reload.c \
	src/util/conf_value.c src/util/conf_value.h \
	src/util/decimal.c src/util/decimal.h \
	src/util/dotenv.c src/util/dotenv.h \
	src/util/err.c src/util/err.h \
	src/util/file.c src/util/file.h \
	src/util/log.c src/util/log.h \
	src/util/nearest.c src/util/nearest.h \
	src/util/picousd.c src/util/picousd.h \
	src/util/secret.c src/util/secret.h \
	src/util/stack.c src/util/stack.h \
	src/util/str.c src/util/str.h \
	src/util/u256.c src/util/u256.h
