"""WIRING of ``units``: sessions and addenda in, visit days with billable units out."""
