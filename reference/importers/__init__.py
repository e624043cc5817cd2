"""Imports CMS's official files as releases of the tables: one module for each kind of file."""
