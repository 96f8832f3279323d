"""Count how often the test part of a split was evaluated and compared before.

Each look at the same held-out interactions makes a chance finding more likely, and no correction covers looks that are
not in the family.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import TrackingError
from harness.experiment import COMPARISONS
from harness.pipeline.run_folder.comparison_files import COMPARISON_JSON
from harness.pipeline.run_folder.comparison_folder import reports_directory
from harness.pipeline.run_folder.record_file import RESULTS
from harness.pipeline.run_folder.run_files import StoredRun

logger = logging.getLogger("harness")

TEST = "test"
_MOST = 1 << 26  # bytes of a JSON file that is read
_DEEPEST = 5  # folders below the folder of reports


@dataclass(frozen=True)
class EarlierUses:
    """Other evaluations and comparisons of a test part that are on record.

    Parameters
    ----------
    evaluations
        Number of distinct evaluations in the folder of reports and in the tracking store.
    comparisons
        Number of other comparisons in the folder of reports.
    store_known
        Whether the tracking store was asked and answered.
    """

    evaluations: int
    comparisons: int
    store_known: bool

    def __str__(self) -> str:
        """Return the counts as a sentence."""
        where = "in the reports and the tracking store" if self.store_known else "in the reports"
        unknown = "" if self.store_known else " The tracking store was not read, so that there may be more."
        if self.evaluations == 0 and self.comparisons == 0:
            return (
                f"Test part: no other evaluation of this split is on record {where}; whether there were others is not "
                f"known.{unknown}"
            )
        return (
            f"Test part: {_count(self.evaluations, 'other evaluation')} and "
            f"{_count(self.comparisons, 'other comparison')} of this split are on record {where}. No correction covers "
            f"them.{unknown}"
        )


def earlier_uses(
    runs: Sequence[StoredRun], directory: Path, *, ask_store: bool, own: Path | None = None
) -> EarlierUses | None:
    """Count how often other runs and comparisons used the same test part.

    Returns None for runs that were not evaluated on a test part.

    Parameters
    ----------
    runs
        Runs of one split.
    directory
        The folder of reports of the comparison; those of the runs are read, too.
    ask_store
        Whether to read the tracking store, too.
    own
        Folder of the comparison that is being made, which does not count.
    """
    record = runs[0].record
    if record.protocol.part != TEST:
        return None
    folders = {directory.resolve(), *(reports_directory(run.folder, run.name).resolve() for run in runs)}
    return uses_of_split(record.fingerprints["split"], folders, ask_store=ask_store, runs=runs, own=own)


def uses_of_split(
    split: str,
    folders: Collection[Path],
    *,
    ask_store: bool,
    runs: Sequence[StoredRun] = (),
    own: Path | None = None,
) -> EarlierUses:
    """Count the evaluations and comparisons of a split's test part, without some runs and one comparison.

    Parameters
    ----------
    split
        Fingerprint of the split.
    folders
        Folders of reports.
    ask_store, runs, own
        As in ``earlier_uses``.
    """
    measured = {run.record.fingerprints.get("evaluation") for run in runs}
    found = {fingerprint for folder in folders for fingerprint in _evaluations(folder, split)}
    tracked = _tracked(split) if ask_store else None
    compared = {path.resolve() for folder in folders for path in _comparisons(folder, split)}
    if own is not None:
        compared.discard(own.resolve())
    return EarlierUses(len((found | (tracked or set())) - measured), len(compared), tracked is not None)


def _evaluations(directory: Path, split: str) -> Iterator[str | None]:
    """Yield the fingerprint of each evaluation; the same lists and metrics have the same."""
    for path in _files(directory, RESULTS):
        parsed = _parsed(path)
        fingerprints, protocol = parsed.get("fingerprints"), parsed.get("protocol")
        if not isinstance(fingerprints, dict) or not isinstance(protocol, dict):
            continue
        if (fingerprints.get("split"), protocol.get("part")) == (split, TEST):
            yield fingerprints.get("evaluation")


def _comparisons(directory: Path, split: str) -> Iterator[Path]:
    """Yield the folder of each comparison of the test part."""
    for path in _files(directory / COMPARISONS, COMPARISON_JSON):
        runs = _parsed(path).get("runs")
        parts = [run for run in runs if isinstance(run, dict)] if isinstance(runs, list) else []
        known = [run["fingerprints"] for run in parts if isinstance(run.get("fingerprints"), dict)]
        if any(one.get("split") == split for one in known) and all(run.get("part") == TEST for run in parts):
            yield path.parent


def _tracked(split: str) -> set[str | None] | None:
    from harness import tracking  # deferred: importing mlflow takes seconds

    try:
        return set(tracking.evaluations_of(split, part=TEST))
    except TrackingError as error:
        logger.warning("%s", error)
        return None


def _files(directory: Path, name: str) -> Iterator[Path]:
    """Yield the files of a name in the folders below, as deep as names of runs usually are."""
    for depth in range(1, _DEEPEST + 1):
        for path in directory.glob(f"{'*/' * depth}{name}"):
            if not any(part.startswith(".") for part in path.relative_to(directory).parts):
                yield path


def _parsed(path: Path) -> dict[str, Any]:
    """Return the JSON of a file, which may be anything; an empty map if it is no map."""
    try:
        parsed = json.loads(path.read_bytes()) if path.stat().st_size <= _MOST else None
    except (OSError, ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' if number != 1 else ''}"
