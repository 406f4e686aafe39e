libgw_a_SOURCES += \
	src/codec/conf_json.c src/codec/conf_json.h
