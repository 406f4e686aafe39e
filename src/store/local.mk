libgw_a_SOURCES += \
	src/store/backup.c src/store/backup.h \
	src/store/conn.c src/store/conn.h \
	src/store/migrate.c \
	src/store/stmt.c \
	src/store/stmts.def src/store/stmts_gateway.def src/store/stmts_channel.def \
	src/store/stmts_own.def src/store/stmts_settle.def src/store/stmts_devnode.def src/store/stmts_wallet.def \
	src/store/price_rows.c src/store/price_rows.h \
	src/store/store.c src/store/store.h \
	src/store/usage_report.c src/store/usage_report.h \
	src/store/usage_rows.c src/store/usage_rows.h
