"""FACTS: the numbers and tables of CMS and the payers, as dated, cited data, and their loader."""
