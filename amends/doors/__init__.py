"""What the doors share: route declarations, words for the reader, files as downloads."""
