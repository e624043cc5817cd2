"""The exit statuses of the command line."""

READ = 0
"""All was read, or all is well."""
FAILED = 1
"""A check found something wrong."""
USAGE = 2
"""Wrong usage, or a bad reference file, payer profile or setting."""
UNREAD = 3
"""A line could not be read or handled; the rest was."""
INTERRUPTED = 130
"""Somebody pressed Ctrl-C."""
CHANGED = 4
"""All was read, and what was compared differs."""
