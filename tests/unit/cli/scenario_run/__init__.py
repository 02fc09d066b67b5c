"""Running a scenario: what is folded from the log, what is checked, what the phones send."""
