"""The list of promises given to customers."""
