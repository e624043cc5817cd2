"""REDIS: the view port on one hash a partition."""
