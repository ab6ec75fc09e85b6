"""Guidance beside the form that is being filled in: phrases to put in, questions, checklists, words to avoid."""
