"""Filters of interactions, one file per kind."""
