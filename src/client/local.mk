# The payer's command. What decides about money, and what reads the gateway's bytes, is a library:
# tests use it without the command.
noinst_LIBRARIES += src/client/libclient.a
src_client_libclient_a_SOURCES =
src_client_libclient_a_SOURCES += src/client/frame_filter.c src/client/frame_filter.h
src_client_libclient_a_SOURCES += src/client/payer.c src/client/payer.h
src_client_libclient_a_SOURCES += src/client/proposal.c src/client/proposal.h
src_client_libclient_a_SOURCES += src/client/wallet.c src/client/wallet.h

bin_PROGRAMS += llm-gateway-client
llm_gateway_client_LDADD = src/client/libclient.a $(GW_LIBS)
llm_gateway_client_SOURCES = src/client/main.c src/client/client.h src/client/commands.def
llm_gateway_client_SOURCES += src/cli/opts.c src/cli/opts.h
llm_gateway_client_SOURCES += src/client/amount.c src/client/amount.h
llm_gateway_client_SOURCES += src/client/balance.c
llm_gateway_client_SOURCES += src/client/chain.c src/client/chain.h
llm_gateway_client_SOURCES += src/client/chat.c
llm_gateway_client_SOURCES += src/client/commit.c
llm_gateway_client_SOURCES += src/client/discovery.c src/client/discovery.h
llm_gateway_client_SOURCES += src/client/fund.c
llm_gateway_client_SOURCES += src/client/history.c
llm_gateway_client_SOURCES += src/client/http.c src/client/http.h
llm_gateway_client_SOURCES += src/client/identity.c src/client/identity.h
llm_gateway_client_SOURCES += src/client/open.c
llm_gateway_client_SOURCES += src/client/paid.c src/client/paid.h
llm_gateway_client_SOURCES += src/client/raw.c
llm_gateway_client_SOURCES += src/client/reply.c src/client/reply.h
llm_gateway_client_SOURCES += src/client/wallet_command.c
