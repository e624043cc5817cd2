"""The consumer that decides: a priced visit day and its documents in, one decision out."""
