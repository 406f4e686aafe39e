libgw_a_SOURCES += src/crypto/tls_trust.c src/crypto/tls_trust.h
libgw_a_SOURCES += \
	src/crypto/bignum.h \
	src/crypto/blake2b.c \
	src/crypto/curve.h \
	src/crypto/curve_ed25519.c \
	src/crypto/curve_k1.c \
	src/crypto/curve_r1.c \
	src/crypto/hash.c src/crypto/hash.h \
	src/crypto/key.c src/crypto/key.h
