# One line per bats file.
TESTS += t/0001-source.bats
EXTRA_DIST += t/0001-source.bats
TESTS += t/0002-harness.bats
EXTRA_DIST += t/0002-harness.bats
