"""Formats of tables, and the file suffixes that stand for them.

Data sets and external models share these constants. The readers themselves are registered in ``harness.registry``.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

TableFormat: TypeAlias = Literal["csv", "tsv", "jsonl", "inter", "dat", "parquet"]

PARQUET = (".parquet", ".pq")
DELIMITERS = {".csv": ",", ".tsv": "\t"}
# The formats of tables, for messages.
FORMATS = ".csv, .tsv, .jsonl, .inter, .dat (each also with .gz), .parquet, or a folder of .parquet files"
