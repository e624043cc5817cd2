"""LAW: pure functions of values and facts. No clock, no I/O, no randomness, no framework."""
