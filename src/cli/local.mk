bin_PROGRAMS += llm-gateway
llm_gateway_LDADD = $(GW_LIBS)
llm_gateway_SOURCES = \
	src/cli/cli.h \
	src/cli/commands.def \
	src/cli/config.c \
	src/cli/config_reference.c \
	src/cli/explain.c \
	src/cli/inspect.c src/cli/inspect.def src/cli/inspect.h \
	src/cli/inspect_auth.c \
	src/cli/inspect_key.c \
	src/cli/keygen.c \
	src/cli/main.c \
	src/cli/migrate.c \
	src/cli/opts.c src/cli/opts.h \
	src/cli/stored_key.c src/cli/stored_key.h
	src/cli/opts.c src/cli/opts.h \
	src/cli/proc.c src/cli/proc.h \
	src/cli/quickstart.c \
	src/cli/serve.c \
	src/cli/serve_dir.c src/cli/serve_dir.h \
	src/cli/serve_env.c src/cli/serve_env.h \
	src/cli/serve_web.c src/cli/serve_web.h \
	src/cli/usage.c
