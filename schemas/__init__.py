"""WORDS: what crosses a topic, as closed and frozen models. Imports nothing of ours."""
