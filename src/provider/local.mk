libgw_a_SOURCES += src/provider/provider.h src/provider/rules.h src/provider/table.c
libgw_a_SOURCES += src/provider/route.c src/provider/headers.c src/provider/errors.c
libgw_a_SOURCES += src/provider/request.h src/provider/request.c
libgw_a_SOURCES += src/provider/request_facts.c src/provider/request_edit.c
libgw_a_SOURCES += src/provider/openai.c src/provider/openrouter.c src/provider/litellm.c
libgw_a_SOURCES += src/provider/claude.c src/provider/gemini.c
