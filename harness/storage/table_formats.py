"""Formats of files of rows."""

from __future__ import annotations

from typing import Literal, TypeAlias

TableFormat: TypeAlias = Literal["csv", "tsv", "jsonl", "inter", "dat", "parquet"]
