"""COMMANDS: what a person types; the composition root, which puts all rooms together."""
