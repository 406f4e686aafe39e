# The settlement program; its parts are a library of their own, for the tests.
noinst_LIBRARIES += src/settle/libsettle.a
src_settle_libsettle_a_SOURCES = \
	src/settle/alarm.c src/settle/alarm.h \
	src/settle/chain.c \
	src/settle/claim_key.c src/settle/claim_key.h \
	src/settle/claim_rows.c src/settle/claim_rows.h \
	src/settle/claims.c src/settle/claims.h \
	src/settle/finish.c src/settle/finish.h \
	src/settle/keep.c src/settle/keep.h \
	src/settle/report.c src/settle/report.h \
	src/settle/run.c src/settle/run.h \
	src/settle/settle.h \
	src/settle/submit.c src/settle/submit.h \
	src/settle/watch.c src/settle/watch.h
bin_PROGRAMS += llm-gateway-settle
llm_gateway_settle_LDADD = src/settle/libsettle.a $(GW_LIBS)
llm_gateway_settle_SOURCES = src/cli/opts.c src/cli/opts.h src/settle/main.c
