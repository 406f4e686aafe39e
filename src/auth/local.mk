# DID authentication.
libgw_a_SOURCES += src/auth/canonical.c src/auth/canonical.h
libgw_a_SOURCES += src/auth/did_auth.c src/auth/did_auth.h
libgw_a_SOURCES += src/auth/did_cache.c
libgw_a_SOURCES += src/auth/did_directory.c
libgw_a_SOURCES += src/auth/did_document.c src/auth/did_document.h
libgw_a_SOURCES += src/auth/service_key.c src/auth/service_key.h
libgw_a_SOURCES += src/auth/did_rooch.c src/auth/did_rooch.h
libgw_a_SOURCES += src/auth/js_number.c src/auth/js_number.h
libgw_a_SOURCES += src/auth/nonce.c
