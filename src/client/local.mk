# The payer's command.
bin_PROGRAMS += llm-gateway-client
llm_gateway_client_LDADD = $(GW_LIBS)
llm_gateway_client_SOURCES = \
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
