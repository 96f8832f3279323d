"""Read and write the files of a run in ``reports/<name>/``.

``results.json`` is written last and removed first: where it exists, every other file is whole and belongs to it. It
lists the SHA-256 of every file of the run, and its own. Each reader of a file checks its digest. Digests reveal
accidents, not forgery.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from harness import report, storage
from harness.artifacts import ExampleUsers, MetricTable, RunRecord
from harness.errors import HarnessError
from harness.pipeline.run_folder.example_files import EXAMPLES, read_examples
from harness.pipeline.run_folder.per_user import read_per_user
from harness.pipeline.run_folder.record_file import (
    REMEDY,
    RESULTS,
    UNCHECKED,
    parsed_record,
    read_record,
    record_of,
    rewrite_record,
    write_record,
)
from harness.pipeline.run_folder.title_file import TITLES

logger = logging.getLogger("harness")

PER_USER = "per_user.parquet"
PREDICTIONS = "predictions.parquet"
TARGET_RANKS = "target_ranks.parquet"
CONTRIBUTIONS = "item_contributions.parquet"
RELEVANT_ITEMS = "relevant_items.parquet"
SLICES = "slices.parquet"  # where the experiment has slices
CANDIDATES = "candidates.parquet"  # where files or samples decide the candidates
EXPERIMENT = "experiment.yaml"
REPORT = "report.html"
FIGURES = "figures"
FILES = (RESULTS, PER_USER, PREDICTIONS, TARGET_RANKS, CONTRIBUTIONS, RELEVANT_ITEMS, EXPERIMENT, REPORT)
_TABLES = (PER_USER, PREDICTIONS, TARGET_RANKS, CONTRIBUTIONS, RELEVANT_ITEMS, SLICES, CANDIDATES, EXAMPLES, TITLES)
_DESCRIPTION = (EXPERIMENT, REPORT, FIGURES)  # made from the record, so that they can be made again


@dataclass(frozen=True, eq=False)
class StoredRun:
    """A finished run, read from its folder.

    Parameters
    ----------
    folder
        Where it is.
    record
        Its ``results.json``.
    table
        Its values, per user too.
    examples
        Its example users; None where it has none.
    """

    folder: Path
    record: RunRecord
    table: MetricTable
    examples: ExampleUsers | None = None

    @property
    def name(self) -> str:
        """The experiment's name."""
        return self.record.name


def refuse_links(folder: Path) -> None:
    """Refuse links in the place of the files of a run, before anything is computed.

    Raises
    ------
    HarnessError
        A file of the run would be written through a link.
    """
    for name in (*FILES, SLICES, CANDIDATES, EXAMPLES, TITLES, FIGURES):
        storage.refuse_link(folder / name)


def is_finished(folder: Path, fingerprints: Mapping[str, str]) -> bool:
    """Return whether the folder holds a whole run with exactly these fingerprints, and its tables are as written."""
    if not all((folder / name).exists() for name in FILES):
        return False
    try:
        record = record_of(folder)
        if record.schema_version == UNCHECKED or dict(record.fingerprints) != dict(fingerprints):
            return False
        check_files(folder, record, _TABLES)
    except HarnessError as error:
        logger.warning("%s It is run again now.", str(error).removesuffix(REMEDY).rstrip())
        return False
    return True


def is_described(folder: Path, record: RunRecord) -> bool:
    """Return whether the report, the figures and the resolved experiment of a run are as they were written."""
    changed = storage.changed_file(folder, record.files or {}, _DESCRIPTION)
    if changed is not None:
        logger.warning("%s is missing or was changed. It is written again now.", folder / changed)
    return changed is None


def check_files(folder: Path, record: RunRecord, names: Sequence[str]) -> None:
    """Check files of a run against the digests in its record.

    Parameters
    ----------
    folder
        Folder of the run.
    record
        A record of an earlier schema version has no digests to check by.
    names
        Names of files, or of folders of parts. One that is not in the record must not exist.

    Raises
    ------
    HarnessError
        A file is missing, or not the one that the run wrote.
    """
    if record.files is None:
        return
    changed = storage.changed_file(folder, record.files, names)
    if changed is not None:
        what = "is not the file that the run wrote" if (folder / changed).exists() else "is missing"
        raise HarnessError(f"{folder / changed} {what} (by the SHA-256 in {RESULTS}). {REMEDY}")


def check_file_of_run(path: Path) -> None:
    """Check a table that lies beside the ``results.json`` of its run; any other file passes.

    Raises
    ------
    HarnessError
        The file is not the one that the run wrote, or its record is damaged.
    """
    if path.name in _TABLES and (path.parent / RESULTS).is_file():
        check_files(path.parent, read_record(path.parent), [path.name])


def read_run(folder: Path) -> StoredRun:
    """Return a finished run with its per-user values.

    Raises
    ------
    HarnessError
        A file is missing, damaged, or not the one that the run wrote.
    """
    record = read_record(folder)
    # A run in MLflow keeps its values, not its example users.
    check_files(folder, record, [PER_USER, EXAMPLES] if (folder / EXAMPLES).exists() else [PER_USER])
    examples = read_examples(folder)
    try:
        return StoredRun(folder, record, read_per_user(folder / PER_USER, record), examples)
    except (OSError, ValueError, TypeError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())[:200]
        raise HarnessError(f"{folder / PER_USER} is missing or damaged: {reason}. {REMEDY}") from error


def write_run(
    folder: Path, record: RunRecord, per_user: pd.DataFrame, examples: ExampleUsers | None, *, experiment: str
) -> RunRecord:
    """Write ``experiment.yaml``, the figures, the report and, last, ``results.json`` of a run whose tables are written.

    Parameters
    ----------
    folder
        Folder of the run.
    record
        All but the digests.
    per_user
        One row per user, for the report.
    examples
        Example users, for the report.
    experiment
        The resolved experiment, as YAML.

    Returns
    -------
    RunRecord
        The record with its digests, as it reads back.
    """
    _write_description(folder, record, per_user, examples, experiment)
    return write_record(folder, record, renewed=(*_TABLES, *_DESCRIPTION))


def update_run(run: StoredRun, record: RunRecord, *, experiment: str) -> RunRecord:
    """Write a finished run with another experiment and other expectations; its tables and their digests stay.

    Parameters
    ----------
    run
        As it was read.
    record
        Its record with what changed: ``experiment`` and ``expected``, which decide no number.
    experiment
        The resolved experiment, as YAML.
    """
    folder, parsed = run.folder, parsed_record(run.folder)
    (folder / RESULTS).unlink()
    _write_description(folder, record, run.table.per_user, run.examples, experiment)
    changes = {"experiment": record.experiment, "expected": record.expected}
    return rewrite_record(folder, parsed, changes, renewed=(*_DESCRIPTION, EXAMPLES))


def render_run(run: StoredRun) -> Path:
    """Render the report of a finished run again, renew its digest, and return its path."""
    _write_report(run.folder, run.record, run.table.per_user, run.examples)
    if run.record.schema_version != UNCHECKED:
        rewrite_record(run.folder, parsed_record(run.folder), {}, renewed=(REPORT, FIGURES))
    return run.folder / REPORT


def write_figures(folder: Path, figures: Mapping[str, str]) -> None:
    """Write SVG files into ``figures/`` and remove those of an earlier run."""
    target = storage.inside(folder, FIGURES)
    for old in target.glob("*.svg"):
        if old.name not in figures:
            old.unlink()
    for name, svg in figures.items():
        storage.write_text(storage.inside(target, name), svg)


def _write_description(
    folder: Path, record: RunRecord, per_user: pd.DataFrame, examples: ExampleUsers | None, experiment: str
) -> None:
    storage.write_text(folder / EXPERIMENT, experiment)
    _write_report(folder, record, per_user, examples)


def _write_report(folder: Path, record: RunRecord, per_user: pd.DataFrame, examples: ExampleUsers | None) -> None:
    rendered = report.render_run(record, per_user, examples)
    write_figures(folder, rendered.figures)
    storage.write_text(folder / REPORT, rendered.html)
