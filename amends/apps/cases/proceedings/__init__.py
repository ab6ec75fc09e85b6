"""Proceedings on cases and by themselves, run by the same engine and the same one way in."""
