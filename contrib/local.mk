# Helpers for people: nothing here is needed to build.
EXTRA_DIST += contrib/check-source contrib/check-source.awk contrib/check-source.table

check-source:
	$(srcdir)/contrib/check-source $(srcdir)
.PHONY: check-source
