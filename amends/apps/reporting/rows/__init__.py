"""The rows that figures are read from: worked out of events, added up by days, brought in line again."""
