"""A document that wrote itself as pages, papers, spreadsheets and the API show it: one description in the reader's words, so that they can not differ."""
