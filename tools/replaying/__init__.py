"""Real votes replayed through signed records and the rules, in virtual time."""
