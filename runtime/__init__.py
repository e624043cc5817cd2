"""MACHINE: events in, steps, state and events out. Knows no billing."""
