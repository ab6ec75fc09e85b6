"""The library of a desk: studies of cases."""
