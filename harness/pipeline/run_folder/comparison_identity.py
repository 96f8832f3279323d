"""Choose the folder of a comparison so that no other comparison is replaced."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path

from harness import storage
from harness.artifacts import Facts, to_json
from harness.pipeline.run_folder.comparison_files import COMPARISON_JSON
from harness.pipeline.run_folder.comparison_folder import comparison_folder, default_name
from harness.pipeline.run_folder.run_files import StoredRun

logger = logging.getLogger("harness")


def comparison_facts(runs: Sequence[StoredRun], settings: Facts, **options: str | bool | None) -> Facts:
    """Return what decides the content of a comparison: two comparisons with equal facts are the same.

    Parameters
    ----------
    runs
        The runs.
    settings
        Baseline, primary metric and statistics.
    **options
        Options that are left out where they are false or None, so that names stay when an option is added.
    """
    names = to_json([(run.name, run.record.fingerprints) for run in runs])
    return {"runs": names, **settings, **{key: value for key, value in options.items() if value}}


def unnamed_folder(directory: Path, names: Sequence[str], facts: Facts, *, stem: str | None, whole: bool) -> Path:
    """Return the folder of a comparison that the user did not name.

    Parameters
    ----------
    directory
        Folder of the reports.
    names
        Names of the runs.
    facts
        What decides the comparison, as in ``default_name``.
    stem
        Name of the benchmark; None for the names of the runs.
    whole
        Whether the stem alone is the name, unless its folder holds another comparison.
    """
    hashed = comparison_folder(directory, default_name(names, facts, stem=stem))
    if stem is None or not whole:
        return hashed
    folder = comparison_folder(directory, stem)
    if _identity_in(folder) in (None, storage.sha256_json(facts)):
        return folder
    logger.info("%s holds another comparison; this one is written to %s. --name %s replaces it.", folder, hashed, stem)
    return hashed


def _identity_in(folder: Path) -> str | None:
    """Return the identity of the comparison in a folder; None if there is none, an empty text if it is not known."""
    try:
        plain = json.loads((folder / COMPARISON_JSON).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return ""
    identity = plain.get("identity") if isinstance(plain, dict) else None
    return identity if isinstance(identity, str) else ""
