"""What a run leaves in ``reports/<name>/``, written and read back.

``results.json`` is written last and removed first: where it stands, everything beside it is whole
and belongs to it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from harness import data, storage
from harness.artifacts import (
    NO_ITEM,
    CandidateLists,
    MetricTable,
    MetricValue,
    TargetRanks,
    TieRange,
    TopK,
    Truth,
    Vocabulary,
)
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.pipeline.preparation import Task
    from harness.pipeline.recommending import Part

# The moment of each list, where a user has several, as it is written.
Times: TypeAlias = "pa.Array[Any] | None"

SCHEMA_VERSION = 1
SAMPLED_CANDIDATES = "sampled_candidates"  # the audit that goes with every number over sampled candidates
RESULTS = "results.json"
PER_USER = "per_user.parquet"
PREDICTIONS = "predictions.parquet"
TARGET_RANKS = "target_ranks.parquet"
CANDIDATES = "candidates.parquet"  # where files or draws decide of them
EXPERIMENT = "experiment.yaml"
REPORT = "report.html"
FIGURES = "figures"
PARTS_ABOVE = 5_000_000  # rows: what is longer is a folder of parts
_PARTS = {"name": str, "experiment": dict, "fingerprints": dict, "protocol": dict, "metrics": list}
FILES = (RESULTS, PER_USER, PREDICTIONS, TARGET_RANKS, EXPERIMENT, REPORT)


@dataclass(frozen=True, eq=False)
class StoredRun:
    """A finished run, read from its folder."""

    folder: Path
    results: dict[str, Any]
    table: MetricTable

    @property
    def name(self) -> str:
        """The experiment's name."""
        return str(self.results["name"])


def is_finished(folder: Path, fingerprints: Mapping[str, str]) -> bool:
    """Return whether the folder holds a whole run with exactly these fingerprints."""
    if not all((folder / name).exists() for name in FILES):
        return False
    try:
        return bool(read_results(folder)["fingerprints"] == dict(fingerprints))
    except HarnessError:
        return False


def read_results(folder: Path) -> dict[str, Any]:
    """Return ``results.json``.

    Raises
    ------
    HarnessError
        There is none, it is damaged, or it was written by a newer version.
    """
    path = folder / RESULTS
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        version = results["schema_version"]
        if version == SCHEMA_VERSION and not all(isinstance(results[key], kind) for key, kind in _PARTS.items()):
            raise TypeError("a part is of another type")
    except FileNotFoundError as error:
        raise HarnessError(f"{folder} holds no {RESULTS}. Give the folder of a finished run.") from error
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise HarnessError(f"{path} is damaged. Run the experiment again with --force.") from error
    if version != SCHEMA_VERSION:
        raise HarnessError(f"{path} has schema version {version}; this version of harness reads {SCHEMA_VERSION}.")
    return dict(results)


def read_run(folder: Path) -> StoredRun:
    """Return a finished run with its per-user values."""
    results = read_results(folder)
    path = folder / PER_USER
    try:
        frame = pd.read_parquet(path)
        users = frame.pop("user").to_numpy()
        values = tuple(MetricValue(**_floats_back(value)) for value in results["metrics"])
        confidence = results["experiment"]["statistics"]["confidence"]
    except (OSError, KeyError, TypeError, ValueError, pa.ArrowException) as error:
        raise HarnessError(f"{path} is missing or damaged. Run the experiment again with --force.") from error
    columns = {str(label): frame[label].to_numpy(dtype=np.float64) for label in frame.columns}
    return StoredRun(folder, results, MetricTable(values, columns, users, confidence, counts={}))


def metric_rows(table: MetricTable) -> list[dict[str, Any]]:
    """Return what stands under ``metrics`` in ``results.json``; undefined numbers are null."""
    return [_nan_to_none(asdict(value) | {"variant": dict(value.variant)}) for value in table.values]


def _nan_to_none(row: dict[str, Any]) -> dict[str, Any]:
    return {key: None if isinstance(value, float) and math.isnan(value) else value for key, value in row.items()}


def _floats_back(row: Mapping[str, Any]) -> dict[str, Any]:
    ties = row.get("ties")
    return dict(row) | {
        "value": math.nan if row["value"] is None else row["value"],
        "ties": None if ties is None else TieRange(**ties),
    }


def dump_json(value: Any) -> str:
    """Return readable JSON of plain values; NaN, which JSON lacks, is an error."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def predictions_table(topk: TopK, items: Vocabulary, times: Times = None) -> pa.Table:
    """Return the long table ``user, item, rank, score`` in the data set's own ids, and ``timestamp`` with times."""
    if topk.users is None or topk.scores is None:
        raise ValueError("a run's TopK has users and scores")
    filled = topk.items != NO_ITEM
    rows, places = np.nonzero(filled)
    table = pa.table(
        {
            "user": pa.array(topk.users[rows]),
            "item": pa.array(items.ids[topk.items[filled]]),
            "rank": pa.array((places + 1).astype(np.int32)),
            "score": pa.array(topk.scores[filled]),
        }
    )
    return table if times is None else table.append_column("timestamp", times.take(pa.array(rows, pa.int64())))


def target_ranks_table(ranks: TargetRanks | None, truth: Truth, items: Vocabulary, times: Times = None) -> pa.Table:
    """Return ``user, item, above, tied, candidates``, a row a relevant item; null where they are not known."""
    if truth.users is None:
        raise ValueError("a run's Truth has users")
    rows = np.repeat(np.arange(truth.n_users), np.diff(truth.indptr))
    unknown = pa.nulls(len(rows), pa.int32())
    table = pa.table(
        {
            "user": pa.array(truth.users[rows]),
            "item": pa.array(items.ids[truth.items]),
            "above": unknown if ranks is None else pa.array(ranks.above),
            "tied": unknown if ranks is None else pa.array(ranks.tied),
            "candidates": unknown if ranks is None else pa.array(ranks.candidates[rows]),
        }
    )
    return table if times is None else table.append_column("timestamp", times.take(pa.array(rows, pa.int64())))


def candidates_table(lists: CandidateLists, truth: Truth, items: Vocabulary) -> pa.Table:
    """Return ``user, item``, a row a candidate of a user."""
    if truth.users is None:
        raise ValueError("a run's Truth has users")
    rows = np.repeat(np.arange(truth.n_users), np.diff(lists.indptr))
    return pa.table({"user": pa.array(truth.users).take(rows), "item": pa.array(items.ids).take(lists.items)})


def write_parquet(path: Path, table: pa.Table) -> None:
    """Write a table atomically."""
    with parquet_writer(path, rows=table.num_rows) as write:
        write(table)


@contextlib.contextmanager
def parquet_writer(path: Path, *, rows: int) -> Iterator[Callable[[pa.Table], None]]:
    """Give a function that appends tables to what becomes ``path`` when the block ends well.

    Above a few million rows ``path`` is a folder of parts, which is read the same way.

    Parameters
    ----------
    path
        Where to.
    rows
        How many there will be, of all tables together.
    """
    if rows > PARTS_ABOVE:
        with storage.whole_folder(path) as folder:
            numbers = itertools.count()

            def write_part(table: pa.Table) -> None:
                pq.write_table(table, folder / f"part-{next(numbers):05d}.parquet", compression="zstd")

            yield write_part
        return
    if path.is_dir():
        storage.remove(path)
    with storage.atomic_write(path) as temporary:
        writer: pq.ParquetWriter | None = None
        try:

            def write(table: pa.Table) -> None:
                nonlocal writer
                writer = writer or pq.ParquetWriter(temporary, table.schema, compression="zstd")
                writer.write_table(table)

            yield write
        finally:
            if writer is not None:
                writer.close()


def write_lists(folder: Path, parts: Callable[[], Iterator[Part]], task: Task, items: Vocabulary, *, rows: int) -> None:
    """Write ``predictions.parquet`` and ``target_ranks.parquet``, part by part.

    Parameters
    ----------
    folder
        Of the run.
    parts
        The lists.
    task
        What was asked for.
    items
        The catalogue.
    rows
        How many recommended items there are at most.
    """
    n_relevant = len(task.truth.items)
    with (
        parquet_writer(folder / PREDICTIONS, rows=rows) as predictions,
        parquet_writer(folder / TARGET_RANKS, rows=n_relevant) as ranks,
    ):
        for part in parts():
            truth = task.truth.rows(np.arange(part.start, part.stop))
            times = None
            if task.times is not None:
                times = data.time_column(task.times[part.start : part.stop], task.time_unit)
            predictions(predictions_table(part.topk, items, times))
            ranks(target_ranks_table(part.target_ranks, truth, items, times))


def write_figures(folder: Path, figures: Mapping[str, str]) -> None:
    """Write SVG files into ``figures/`` and remove those of an earlier run."""
    target = folder / FIGURES
    for old in target.glob("*.svg"):
        if old.name not in figures:
            old.unlink()
    for name, svg in figures.items():
        storage.write_text(storage.inside(target, name), svg)
