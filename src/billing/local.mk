libgw_a_SOURCES += src/billing/bill.h src/billing/bound.c
libgw_a_SOURCES += src/billing/cost.c src/billing/cost.h
libgw_a_SOURCES += src/billing/price.c src/billing/price.h
libgw_a_SOURCES += src/billing/price_card.c src/billing/price_card.h
libgw_a_SOURCES += src/billing/price_override.c src/billing/price_override.h
libgw_a_SOURCES += src/billing/price_row.c src/billing/price_row.h src/billing/price_columns.def
libgw_a_SOURCES += src/billing/price_table.c src/billing/price_table.h
libgw_a_SOURCES += src/billing/reading.c src/billing/reading.h

# The price table travels inside the programs: its bytes as numbers for an initializer.
EXTRA_DIST += sql/prices.csv
CLEANFILES += src/billing/prices.inc
src/billing/prices.inc: sql/prices.csv
	@$(MKDIR_P) src/billing
	$(AM_V_GEN)od -A n -v -t u1 $(srcdir)/sql/prices.csv | $(SED) 's/[0-9][0-9]*/&,/g' >$@.tmp && mv $@.tmp $@
src/billing/price.$(OBJEXT): src/billing/prices.inc
