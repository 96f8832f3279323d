"""The main jobs, one file per command."""
