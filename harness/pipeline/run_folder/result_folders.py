"""Find the folders of runs and comparisons below a folder."""

from __future__ import annotations

from pathlib import Path


def result_folders(directory: Path, name: str) -> list[Path]:
    """Return the folders that hold a file of a name, sorted; hidden folders and links to folders are left out."""
    found = (path for path in directory.rglob(name) if path.is_file())
    return sorted(
        path.parent for path in found if not any(part.startswith(".") for part in path.relative_to(directory).parts)
    )
