"""The page of one customer across their cases."""
