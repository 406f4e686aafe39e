libgw_a_SOURCES += \
	src/codec/conf_json.c src/codec/conf_json.h
libgw_a_SOURCES += src/codec/jscan.c src/codec/jscan.h
libgw_a_SOURCES += src/codec/jwrite.c src/codec/jwrite.h
libgw_a_SOURCES += src/codec/bcs.c src/codec/bcs.h
libgw_a_SOURCES += src/codec/bech32m.c src/codec/bech32m.h
libgw_a_SOURCES += src/codec/multibase.c src/codec/multibase.h
libgw_a_SOURCES += src/codec/csv.c src/codec/csv.h
libgw_a_SOURCES += src/codec/jarray.c src/codec/jarray.h
libgw_a_SOURCES += src/codec/sse.c src/codec/sse.h
