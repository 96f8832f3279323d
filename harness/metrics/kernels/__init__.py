"""Compiled loops over ranked lists, used by the metrics."""
