# Fuzz targets: t/fuzz/fuzz-NAME.c with its corpus in t/fuzz/corpus/NAME/. One line per target.
#
# `make check` replays every corpus with any compiler; configured with --enable-fuzz (clang),
# `make fuzz-smoke` also lets libFuzzer search for FUZZ_SECONDS in each target.
GW_FUZZERS =
GW_FUZZERS += picousd
GW_FUZZERS += u256
GW_FUZZERS += multibase
GW_FUZZERS += config
GW_FUZZERS += bcs
GW_FUZZERS += jscan
GW_FUZZERS += sse
GW_FUZZERS += params
GW_FUZZERS += devnode
GW_FUZZERS += usage
GW_FUZZERS += payment
GW_FUZZERS += object
GW_FUZZERS += answer
GW_FUZZERS += tx
GW_FUZZERS += request
GW_FUZZERS += didauth
GW_FUZZERS += canonical
GW_FUZZERS += diddoc
GW_FUZZERS += servicekey
GW_FUZZERS += commit
GW_FUZZERS += frames

# The programs are made from the list while make runs, which automake cannot follow: hence the
# list in configure.ac, the extension .fuzz, the static pattern rules, and libgw.a standing for all
# headers.
GW_FUZZ_LIBS = src/devnode/libdevnode.a src/client/libclient.a $(GW_LIBS) $(FCGI_LIBS)
GW_FUZZ_SEARCHES = $(GW_FUZZERS:%=t/fuzz/%.libfuzzer)
TESTS += $(GW_FUZZ_REPLAYS)
EXTRA_DIST += t/fuzz/replay.c t/fuzz/slow.h $(GW_FUZZERS:%=t/fuzz/fuzz-%.c) t/fuzz/corpus
CLEANFILES += $(GW_FUZZ_REPLAYS) $(GW_FUZZ_SEARCHES) t/fuzz/*.$(OBJEXT) t/fuzz/*.out
CLEANDIRS += t/fuzz/found

$(GW_FUZZERS:%=t/fuzz/fuzz-%.$(OBJEXT)) t/fuzz/replay.$(OBJEXT): t/fuzz/%.$(OBJEXT): t/fuzz/%.c libgw.a
	@$(MKDIR_P) t/fuzz
	$(AM_V_CC)$(COMPILE) -c -o $@ $(srcdir)/t/fuzz/$*.c

$(GW_FUZZ_REPLAYS): t/fuzz/%.fuzz: t/fuzz/fuzz-%.$(OBJEXT) t/fuzz/replay.$(OBJEXT) src/devnode/libdevnode.a src/client/libclient.a libgw.a
	$(AM_V_CCLD)$(LINK) t/fuzz/fuzz-$*.$(OBJEXT) t/fuzz/replay.$(OBJEXT) $(GW_FUZZ_LIBS) $(LIBS)

if GW_FUZZ
$(GW_FUZZ_SEARCHES): t/fuzz/%.libfuzzer: t/fuzz/fuzz-%.$(OBJEXT) src/devnode/libdevnode.a src/client/libclient.a libgw.a
	$(AM_V_CCLD)$(LINK) -fsanitize=fuzzer t/fuzz/fuzz-$*.$(OBJEXT) $(GW_FUZZ_LIBS) $(LIBS)

FUZZ_SECONDS = 10
fuzz-smoke: $(GW_FUZZ_SEARCHES)
	@for name in $(GW_FUZZERS); do \
		$(MKDIR_P) t/fuzz/found/$$name && \
		echo "  FUZZ     $$name ($(FUZZ_SECONDS) s)" && \
		t/fuzz/$$name.libfuzzer -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 \
			-max_len=65536 -artifact_prefix=t/fuzz/crash-$$name- \
			t/fuzz/found/$$name $(srcdir)/t/fuzz/corpus/$$name >t/fuzz/$$name.out 2>&1 || \
		{ tail -n 60 t/fuzz/$$name.out; exit 1; }; \
	done
else
fuzz-smoke:
	@echo 'configure with --enable-fuzz CC=clang first' >&2; exit 1
endif
.PHONY: fuzz-smoke
