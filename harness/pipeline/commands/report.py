"""Render the report of a finished run again: ``harness report``."""

from __future__ import annotations

from pathlib import Path

from harness import storage
from harness.pipeline.run_folder import run_files as stored
from harness.pipeline.run_folder.record_file import read_record


def render_again(folder: Path) -> Path:
    """Render the report of a finished run from its files, and return its path.

    Raises
    ------
    HarnessError
        The folder holds no finished run, a file is not the one that the run wrote, or the folder cannot be written.
    """
    read_record(folder)  # a folder without a run is not locked
    stored.refuse_links(folder)
    with storage.lock(folder / ".run", timeout=storage.LONG):
        return stored.render_run(stored.read_run(folder))
