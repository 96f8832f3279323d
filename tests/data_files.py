"""Small data files."""

from __future__ import annotations

import gzip
from pathlib import Path


def written(folder: Path, content: str | bytes, name: str = "plays.csv") -> Path:
    """Write a file and return its path; text is compressed if the name says so, bytes are written unchanged."""
    path = folder / name
    if isinstance(content, str):
        content = gzip.compress(content.encode()) if name.endswith(".gz") else content.encode()
    path.write_bytes(content)
    return path
