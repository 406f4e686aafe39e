# Helpers for people: nothing here is needed to build.
EXTRA_DIST += contrib/check contrib/check-source contrib/check-source.awk contrib/check-source.table \
	contrib/common.bash .ci/run

check-source:
	$(srcdir)/contrib/check-source $(srcdir)
.PHONY: check-source
