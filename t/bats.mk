# One line per bats file.
TESTS += t/0001-source.bats
EXTRA_DIST += t/0001-source.bats
TESTS += t/0002-harness.bats
EXTRA_DIST += t/0002-harness.bats
TESTS += t/0050-mock.bats
EXTRA_DIST += t/0050-mock.bats t/fixtures/mock/recorded.http
TESTS += t/0003-reference.bats
EXTRA_DIST += t/0003-reference.bats
TESTS += t/4060-client.bats
EXTRA_DIST += t/4060-client.bats
TESTS += t/2060-auth-commands.bats
EXTRA_DIST += t/2060-auth-commands.bats
TESTS += t/3010-explain.bats
EXTRA_DIST += t/3010-explain.bats
TESTS += t/1000-migrate.bats
EXTRA_DIST += t/1000-migrate.bats
