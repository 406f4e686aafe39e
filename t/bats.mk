# One line per bats file.
