# Tests: C unit tests print TAP; .bats files are run by bats with TAP output.
TEST_EXTENSIONS = .bats .fuzz .real
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
BATS_LOG_DRIVER = $(LOG_DRIVER)
BATS_LOG_COMPILER = $(SHELL) $(top_srcdir)/t/lib/run-bats
FUZZ_LOG_DRIVER = $(LOG_DRIVER)
REAL_LOG_DRIVER = $(LOG_DRIVER)
AM_TESTS_ENVIRONMENT = GW_SRCDIR='$(abs_top_srcdir)' GW_BUILDDIR='$(abs_top_builddir)'; export GW_SRCDIR GW_BUILDDIR;

EXTRA_DIST += t/lib/run-bats t/lib/gw.bash t/unit/tap.h

# A unit test t/unit/u-NAME.c: add it to GW_UNIT below, nothing else is needed
# when it consists of that one file.
include t/unit/local.mk
include t/fake/local.mk
include t/fuzz/local.mk
include t/bats.mk

# The published client and the official SDKs against a whole gateway; needs Node 18 and, once, the registry.
REAL_TESTS = t/real/devnode.real t/real/gateway.real
EXTRA_DIST += $(REAL_TESTS) t/real/real.bash t/real/global.mjs t/real/client.mjs t/real/devnode.mjs \
	t/real/.npmrc t/real/package.json t/real/package-lock.json
check-real-client:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(REAL_TESTS)'
.PHONY: check-real-client

# For sanitizers that are too slow, or too strict, for whole gateways with their web servers.
print-unit-tests:
	@echo $(filter t/unit/%,$(check_PROGRAMS))
.PHONY: print-unit-tests
EXTRA_DIST += t/lib/gateway.bash
