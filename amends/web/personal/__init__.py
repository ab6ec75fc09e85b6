"""What is held about one person: found, copied, erased."""
