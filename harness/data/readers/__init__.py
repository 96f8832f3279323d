"""Readers of tables: CSV, JSON lines, parquet; and the columns of interactions."""
