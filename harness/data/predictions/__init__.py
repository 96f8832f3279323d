"""Files of predictions: read, checked, and converted to ranked lists."""
