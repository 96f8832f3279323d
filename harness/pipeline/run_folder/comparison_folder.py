"""Name the folder of a comparison: ``<reports>/comparisons/<name>/``."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from harness import storage
from harness.artifacts import Facts
from harness.experiment import COMPARISONS

_LONGEST = 80  # bytes of the runs' names in a default name; a folder's name may have 255
_DIGITS = 8  # of the hash


def comparison_folder(directory: Path, name: str) -> Path:
    """Return the folder of a comparison.

    Parameters
    ----------
    directory
        Folder of the reports.
    name
        Relative to the folder of comparisons; words separated by single slashes.

    Raises
    ------
    HarnessError
        The name leads out of the folder of comparisons.
    """
    storage.inside(directory / COMPARISONS, name)
    return storage.inside(directory, f"{COMPARISONS}/{name}")


def default_name(names: Sequence[str], facts: Facts, *, stem: str | None = None) -> str:
    """Return the default name of a comparison of runs.

    Parameters
    ----------
    names
        Names of the runs.
    facts
        Values for JSON that decide the comparison. Their hash distinguishes comparisons of the same runs.
    stem
        The text before the hash; None for the names of the runs.

    Examples
    --------
    >>> default_name(["ml-100k/popularity", "ml-100k/ease"], {"margin": None})
    'ml-100k-popularity-vs-ml-100k-ease-760578d0'
    """
    digits = storage.sha256_json(facts)[:_DIGITS]
    if stem is not None:
        return f"{stem}-{digits}"
    words = "-vs-".join(re.sub(r"[^\w.]+", "-", name).strip("-.") for name in names)
    short = words.encode("utf-8", "ignore")[:_LONGEST].decode("utf-8", "ignore").strip("-.")
    return f"{short or 'runs'}-{digits}"


def reports_directory(folder: Path, name: str) -> Path:
    """Return the folder of the reports that a finished run is in.

    It is the run's folder without the run's name. The folder of a run that was renamed or moved does not end in that
    name; the comparison is then written beside it.

    Examples
    --------
    >>> reports_directory(Path("reports/ml-100k/ease"), "ml-100k/ease").as_posix()
    'reports'
    >>> reports_directory(Path("downloads/theirs"), "ml-100k/ease").as_posix()
    'downloads'
    """
    parts = tuple(name.split("/"))
    whole = Path(os.path.abspath(folder))  # noqa: PTH100  (it takes out "..", and leaves links as they are)
    for path in (folder, whole):
        if path.parts[-len(parts) :] == parts:
            return path.parents[len(parts) - 1]
    return whole.parent if folder.name in ("", "..") else folder.parent
