"""Convert columns of times and options that are times, and format dates as text."""
