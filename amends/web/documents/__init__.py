"""Documents that write themselves: the list, the page, the cases behind a figure, and the files."""
