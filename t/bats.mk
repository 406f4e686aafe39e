# One line per bats file.
TESTS += t/0001-source.bats
EXTRA_DIST += t/0001-source.bats
