"""Importing old cases from files: reading, mapping, judging and storing, so that a killed import continues."""
