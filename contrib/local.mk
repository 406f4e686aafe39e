# Helpers for people: nothing here is needed to build.
EXTRA_DIST += contrib/check contrib/check-source contrib/check-source.awk contrib/check-source.table \
	contrib/check-static contrib/common.bash contrib/coverage contrib/quickstart contrib/bench/run .ci/run .clang-format .clang-tidy

check-source:
	$(srcdir)/contrib/check-source $(srcdir)

check-static: all
	cd $(srcdir) && contrib/check-static $(abs_builddir)

check-valgrind:
	$(MAKE) check TESTS='$(filter t/unit/%,$(check_PROGRAMS))' \
		LOG_COMPILER='valgrind -q --error-exitcode=99 --leak-check=full'
.PHONY: check-source check-static check-valgrind

# The bench: built with the tests, so that it does not rot.
check_PROGRAMS += contrib/bench/benchmock contrib/bench/loadgen contrib/bench/floor contrib/bench/sign
contrib_bench_benchmock_LDADD =
contrib_bench_loadgen_SOURCES = contrib/bench/loadgen.c contrib/bench/procs.c contrib/bench/procs.h
contrib_bench_loadgen_LDADD =
contrib_bench_floor_LDADD = $(GW_LIBS)
contrib_bench_sign_SOURCES = contrib/bench/sign.c contrib/bench/wallets.c contrib/bench/wallets.h
contrib_bench_sign_LDADD = $(GW_LIBS)

check_PROGRAMS += contrib/bench/groupcommit
contrib_bench_groupcommit_LDADD = $(GW_LIBS)
