"""WIRING: one folder a process, each a pure processor over many small state values."""
