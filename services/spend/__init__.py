"""The consumer ``spend``: visit days get a price and a place in the year's spend."""
