"""The HTML pages of runs, comparisons and folders of results."""
