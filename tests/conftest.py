"""Settings of the whole suite."""

from hypothesis import settings

# The same examples in every run, no deadline, no folder of examples left in the tree.
# ``pytest --hypothesis-profile=default`` looks for new ones.
settings.load_profile("ci")
