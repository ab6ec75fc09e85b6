"""Mail that comes in: read, kept raw, made a case, an answer, a record of why not, or put into quarantine."""
