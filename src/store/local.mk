libgw_a_SOURCES += \
	src/store/conn.c src/store/conn.h \
	src/store/migrate.c \
	src/store/stmt.c \
	src/store/stmts.def src/store/stmts_gateway.def src/store/stmts_channel.def \
	src/store/stmts_own.def src/store/stmts_settle.def src/store/stmts_devnode.def src/store/stmts_wallet.def \
	src/store/store.c src/store/store.h \
	src/store/usage_rows.c src/store/usage_rows.h
