"""Files of predictions, read, checked and brought into lists."""
