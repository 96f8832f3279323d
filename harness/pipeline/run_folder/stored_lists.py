"""Read the lists and relevant items of a finished run, so that it is measured again without its data or its model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from harness.artifacts import NO_ITEM, TargetRanks, TopK, Truth
from harness.artifacts.array_types import IdArray, Int64Array
from harness.errors import HarnessError
from harness.pipeline.run_folder.record_file import REMEDY
from harness.pipeline.run_folder.run_files import PREDICTIONS, TARGET_RANKS, StoredRun, check_files


@dataclass(frozen=True, eq=False)
class StoredLists:
    """The lists of a run, row by row with its relevant items.

    Parameters
    ----------
    topk
        Lists, with scores if all are known; a user without predictions has an empty one.
    truth
        Relevant items, with the user of each row. With rolling history a user has several rows.
    ranks
        Exact ranks of the relevant items, or None if they are not known.
    item_ids
        External ids of the items by index.
    rolling
        Whether a user has a row per moment, whose mean is the user's value.
    """

    topk: TopK
    truth: Truth
    ranks: TargetRanks | None
    item_ids: IdArray
    rolling: bool = False


def stored_lists(run: StoredRun) -> StoredLists:
    """Return the lists of a run from ``predictions.parquet`` and ``target_ranks.parquet``.

    Raises
    ------
    HarnessError
        A file is damaged, or not the one that the run wrote.
    """
    folder = run.folder
    if not (folder / PREDICTIONS).exists():
        raise HarnessError(
            f"the lists of {run.name} are not here: a run in MLflow keeps its values, not its lists. Name the folder "
            "of the run instead."
        )
    check_files(folder, run.record, [PREDICTIONS, TARGET_RANKS])
    times = ["timestamp"] if run.record.protocol.rolling else []
    try:
        listed = pq.read_table(folder / PREDICTIONS, columns=["user", "item", "rank", "score", *times])
        relevant = pq.read_table(folder / TARGET_RANKS, columns=["user", "item", "above", "tied", "candidates", *times])
        return _lists(listed, relevant, times, k=run.record.protocol.k or 1)
    except (OSError, ValueError, TypeError, KeyError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())[:200]
        raise HarnessError(f"the lists of {folder} are missing or damaged: {reason}. {REMEDY}") from error


def _lists(listed: pa.Table, relevant: pa.Table, times: list[str], *, k: int) -> StoredLists:
    both = pa.chunked_array([*relevant.column("item").chunks, *listed.column("item").chunks]).combine_chunks()
    encoded = both.dictionary_encode()
    codes, item_ids = encoded.indices.to_numpy(), encoded.dictionary.to_numpy(zero_copy_only=False)
    of_truth, of_lists = codes[: len(relevant)], codes[len(relevant) :]
    starts = _starts(relevant, times)
    list_starts = _starts(listed, times)
    rows = _keys(relevant, starts, times).get_indexer(_keys(listed, list_starts, times))
    if (rows < 0).any():
        raise ValueError(f"{PREDICTIONS} holds a user that {TARGET_RANKS} does not")
    ranks = listed.column("rank").to_numpy()
    lengths = np.diff(np.append(list_starts, len(listed)))
    items = np.full((len(starts), max(int(ranks.max(initial=1)), k)), NO_ITEM, dtype=np.int32)
    place = np.repeat(rows, lengths), ranks - 1
    items[place] = of_lists
    scores = None
    if not listed.column("score").null_count:
        scores = np.full(items.shape, -np.inf, dtype=np.float32)
        scores[place] = listed.column("score").to_numpy()
    indptr = np.append(starts, len(relevant)).astype(np.int64)
    users = relevant.column("user").to_numpy()[starts]
    truth = Truth(indptr, of_truth, users=users)
    return StoredLists(TopK(items, scores), truth, _ranks(relevant, starts), item_ids, rolling=bool(times))


def _starts(table: pa.Table, times: list[str]) -> Int64Array:
    """Return the first row of each list: rows of a user, and of a moment, follow each other."""
    new = np.zeros(len(table), dtype=np.bool_)
    new[:1] = True
    for name in ("user", *times):
        codes = table.column(name).combine_chunks().dictionary_encode().indices.to_numpy()
        new[1:] |= codes[1:] != codes[:-1]
    return np.flatnonzero(new)


def _keys(table: pa.Table, starts: Int64Array, times: list[str]) -> pd.Index[Any]:
    columns = [table.column(name).take(starts).to_pandas() for name in ("user", *times)]
    return pd.MultiIndex.from_arrays(columns) if times else pd.Index(columns[0])


def _ranks(relevant: pa.Table, starts: Int64Array) -> TargetRanks | None:
    if any(relevant.column(name).null_count for name in ("above", "tied", "candidates")):
        return None
    above, tied, candidates = (
        relevant.column(name).to_numpy().astype(np.int32) for name in ("above", "tied", "candidates")
    )
    return TargetRanks(above, tied, candidates[starts])
