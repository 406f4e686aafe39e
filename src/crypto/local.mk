libgw_a_SOURCES +=
libgw_a_SOURCES += src/crypto/tls_trust.c src/crypto/tls_trust.h
