"""Columns of times, their units, time options, and dates as text."""
