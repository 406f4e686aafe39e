# The migrations are compiled into the programs, so that program and schema cannot come apart.
# One line per file; a number is given once.
GW_MIGRATIONS =
GW_MIGRATIONS += sql/0001-gateway.sql
GW_MIGRATIONS += sql/0002-channels.sql
GW_MIGRATIONS += sql/0003-claims.sql
GW_MIGRATIONS += sql/0004-nonces.sql
GW_MIGRATIONS += sql/devnode/0001-devnode.sql
GW_MIGRATIONS += sql/wallet/0001-wallet.sql

EXTRA_DIST += sql/embed sql/schema.sql $(GW_MIGRATIONS)
BUILT_SOURCES += src/store/migrations.inc
CLEANFILES += src/store/migrations.inc

src/store/migrations.inc: sql/embed $(GW_MIGRATIONS)
	@$(MKDIR_P) src/store
	$(AM_V_GEN)for file in $(GW_MIGRATIONS); do set -- "$$@" $(srcdir)/$$file; done; \
		$(SHELL) $(srcdir)/sql/embed "$$@" >$@.new && mv $@.new $@
src/store/migrate.$(OBJEXT): src/store/migrations.inc
