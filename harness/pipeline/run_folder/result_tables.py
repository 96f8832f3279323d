"""Write the tables of a run part by part: lists, ranks and candidates, with external ids."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from harness import data, storage
from harness.artifacts import NO_ITEM, CandidateLists, TargetRanks, TopK, Truth, Vocabulary
from harness.pipeline.run_folder.run_files import CANDIDATES, PREDICTIONS, TARGET_RANKS

if TYPE_CHECKING:
    from harness.artifacts import RecommendationTask
    from harness.pipeline.stages.recommendation import PredictionBlock

# The time of each list, where a user has several lists.
Times: TypeAlias = "pa.Array[Any] | None"

PARTS_ABOVE = 5_000_000  # rows: a longer table is a folder of parts


def predictions_table(topk: TopK, items: Vocabulary, times: Times = None) -> pa.Table:
    """Return the long table ``user, item, rank, score`` with external ids, and ``timestamp`` where times are given."""
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
    """Return ``user, item, above, tied, candidates``, one row per relevant item; null where ranks are not known."""
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
    """Return ``user, item``, one row per candidate of a user."""
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
    """Yield a function that appends tables to a file, which appears at ``path`` when the block ends without an error.

    Above a few million rows ``path`` is a folder of parts, which readers of parquet take as one table.

    Parameters
    ----------
    path
        The file.
    rows
        The number of rows of all tables together.
    """
    if rows > PARTS_ABOVE:
        with storage.whole_folder(path) as folder:
            numbers = itertools.count()

            def write_part(table: pa.Table) -> None:
                pq.write_table(table, folder / f"part-{next(numbers):05d}.parquet", compression="zstd")

            yield write_part
        return
    if path.is_dir():
        storage.refuse_link(path)
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


def write_lists(
    folder: Path,
    parts: Callable[[], Iterator[PredictionBlock]],
    task: RecommendationTask,
    items: Vocabulary,
    *,
    rows: int,
) -> None:
    """Write ``predictions.parquet`` and ``target_ranks.parquet``, part by part, and ``candidates.parquet``.

    Parameters
    ----------
    folder
        Folder of the run.
    parts
        Returns the lists, part by part.
    task
        The users, their relevant items and their candidates.
    items
        The catalogue.
    rows
        The largest number of recommended items that there can be.
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
    if task.lists is None:
        storage.remove(folder / CANDIDATES)
    else:
        write_parquet(folder / CANDIDATES, candidates_table(task.lists, task.truth, items))
