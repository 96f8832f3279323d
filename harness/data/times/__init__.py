"""Columns of times, their units, and dates in words."""
