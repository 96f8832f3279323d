"""Data sets: the catalogue, their downloads, and files that an experiment names."""
