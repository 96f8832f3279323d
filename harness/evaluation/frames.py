"""Predictions and truth as long tables with the users' own ids, in any order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from harness.artifacts import NO_ITEM, Vocabulary, as_ids, pair_keys, stream
from harness.artifacts.arrays import BoolArray, Float32Array, Float64Array, IdArray, Int32Array, Int64Array
from harness.errors import DataError
from harness.evaluation.alignment import Aligned, check_alike, nobody_counts, strangers_alone
from harness.evaluation.blocks import user_blocks
from harness.evaluation.ordering import fill_lists, grouped, place_by_rank, sort_groups
from harness.evaluation.trec_order import descending_places
from harness.execution import Parallel, map_shards

UNKNOWN = -1  # the index of an id that a vocabulary lacks

# As the runner breaks ties by default: a file of predictions scores like the run that wrote it.
_TIE_SEED = stream(0, "ties")
_PREDICTIONS = "the predictions"
_TRUTH = "the truth"


@dataclass(frozen=True, eq=False)
class _Codes:
    """A column of ids as codes into its distinct ids."""

    codes: Int64Array  # (rows,)
    ids: IdArray  # (distinct,)

    def indices(self, vocabulary: Vocabulary) -> Int32Array:
        """Return each row's index in the vocabulary, -1 where it is unknown."""
        return vocabulary.indices(self.ids)[self.codes]


def align_frames(
    predictions: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    depth: int,
    whole: bool = False,
    n_items: int | None = None,
    by_id: bool = False,
    parallel: Parallel,
) -> Aligned:
    """Bring two long tables into lists and truth of the same users.

    Parameters
    ----------
    predictions
        Columns ``user``, ``item``, and ``rank`` (1-based, it decides where both stand) or ``score``
        (best first; equal scores in an order drawn from the ids, never from the rows' order).
    truth
        Columns ``user``, ``item``, and maybe ``gain`` (0 or less: not relevant).
    depth
        Ranks that are needed.
    whole
        Whether all ranks are needed, as many as the user with the most rows has rows.
    n_items
        Size of the catalogue, or None.
    by_id
        Whether equal scores go by item id as text, descending, and scores are those of single precision,
        whatever the ranks say: as trec_eval does.
    parallel
        How to spread the sorting over cores.

    Raises
    ------
    HarnessError
        A column is missing or holds what it cannot hold, ids are of different types, two items of a
        user have one rank, no user is common, or no user has a relevant item.
    """
    _check_columns(predictions, _PREDICTIONS)
    _check_columns(truth, _TRUTH)
    by = _order_column(predictions, scores_alone=by_id)
    relevant = _relevant_rows(truth)
    if not relevant.any():
        raise nobody_counts()
    users, items = _codes(truth, "user", _TRUTH), _codes(truth, "item", _TRUTH)
    listed_users, listed_items = _codes(predictions, "user", _PREDICTIONS), _codes(predictions, "item", _PREDICTIONS)
    if whole:
        depth = max(depth, int(np.bincount(listed_users.codes).max(initial=0)))
    check_alike(listed_users.ids, users.ids, "user id", places=(_PREDICTIONS, _TRUTH))
    check_alike(listed_items.ids, items.ids, "item id", places=(_PREDICTIONS, _TRUTH))

    counts = np.zeros(len(users.ids), dtype=np.bool_)
    counts[users.codes[relevant]] = True
    counting = Vocabulary.of(users.ids[counts])
    catalogue = Vocabulary.of(_all_ids(listed_items.ids, items.ids))
    if n_items is not None and len(catalogue) > n_items:
        raise DataError(
            f"the predictions and the truth hold {len(catalogue)} distinct items, more than a catalogue of "
            f"{n_items}. Pass n_items={len(catalogue)} or more."
        )
    rows = listed_users.indices(counting)
    if len(rows) and (rows == UNKNOWN).all():
        raise strangers_alone(listed_users.ids, counting.ids)
    indptr, order = grouped(users.indices(counting)[relevant], len(counting))
    everyone = np.arange(len(counting))
    return Aligned(
        items=_lists(
            predictions[by],
            rows,
            listed_items.indices(catalogue),
            counting,
            catalogue,
            depth=depth,
            by_id=by_id,
            parallel=parallel,
        ),
        list_rows=everyone,
        indptr=indptr,
        relevant=items.indices(catalogue)[relevant][order],
        truth_rows=everyone,
        users=counting.ids,
        left_out=len(pd.unique(_all_ids(listed_users.ids, users.ids))) - len(counting),
        gains=_gains(truth, relevant, order),
    )


def _gains(truth: pd.DataFrame, relevant: BoolArray, order: Int64Array) -> Float32Array | None:
    if "gain" not in truth.columns:
        return None
    return _numbers(truth["gain"], _TRUTH)[relevant][order].astype(np.float32)


def _check_columns(frame: pd.DataFrame, place: str) -> None:
    if not frame.columns.is_unique:
        repeated = frame.columns[frame.columns.duplicated()][0]
        raise DataError(f"the column {repeated!r} stands twice in {place}. Leave one out.")
    missing = [column for column in ("user", "item") if column not in frame.columns]
    if missing:
        raise DataError(_lacks(frame, place, missing[0], "Rename your columns to 'user' and 'item'."))


def _lacks(frame: pd.DataFrame, place: str, column: str, remedy: str) -> str:
    there = ", ".join(repr(name) for name in frame.columns) or "none"
    return f"there is no column '{column}' in {place}; the columns are {there}. {remedy}"


def _order_column(predictions: pd.DataFrame, *, scores_alone: bool) -> str:
    for column in ("score",) if scores_alone else ("rank", "score"):
        if column in predictions.columns:
            return column
    raise DataError(
        _lacks(predictions, _PREDICTIONS, "score", "Add 'score' (higher is better) or 'rank' (1 is the best).")
    )


def _relevant_rows(truth: pd.DataFrame) -> BoolArray:
    if "gain" not in truth.columns:
        return np.ones(len(truth), dtype=np.bool_)
    return _numbers(truth["gain"], _TRUTH) > 0


def _numbers(column: pd.Series[Any], place: str) -> Float64Array:
    """Return a column of numbers, none of them missing."""
    numeric = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    if len(column) and not numeric:
        raise DataError(f"the {column.name}s in {place} are of type {column.dtype}; numbers are needed.")
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    missing = np.isnan(values)
    if missing.any():
        row = int(np.flatnonzero(missing)[0])
        raise DataError(f"the {column.name} in row {row} of {place} is missing or NaN. Fill it in, or remove the row.")
    return values


def _codes(frame: pd.DataFrame, column: str, place: str) -> _Codes:
    try:
        codes, distinct = pd.factorize(frame[column])
    except TypeError as error:
        raise DataError(f"the {column} ids in {place} are neither integers nor text: {error}.") from error
    missing = codes < 0
    if missing.any():
        row = int(np.flatnonzero(missing)[0])
        raise DataError(f"the {column} id in row {row} of {place} is missing. Fill it in, or remove the row.")
    return _Codes(codes.astype(np.int64, copy=False), as_ids(distinct, what=f"{column} id"))


def _all_ids(ids: IdArray, others: IdArray) -> IdArray:
    # An empty column has no type of its own.
    return np.concatenate([side for side in (ids, others) if len(side)] or [ids])


def _lists(
    order_by: pd.Series[Any],
    users: Int32Array,
    items: Int32Array,
    counting: Vocabulary,
    catalogue: Vocabulary,
    *,
    depth: int,
    by_id: bool,
    parallel: Parallel,
) -> Int32Array:
    """Return the lists of the users that count, int32 ``(users, up to depth)``."""
    known = users != UNKNOWN
    values = _numbers(order_by, _PREDICTIONS)
    if order_by.name == "rank":
        _check_ranks(values)
        known &= values <= depth
    if not known.all():
        users, items, values = users[known], items[known], values[known]
    if order_by.name == "rank":
        return _lists_by_rank(users, items, values.astype(np.int64), counting)
    return _lists_by_score(users, items, values, counting, catalogue, depth=depth, by_id=by_id, parallel=parallel)


def _lists_by_score(
    users: Int32Array,
    items: Int32Array,
    scores: Float64Array,
    counting: Vocabulary,
    catalogue: Vocabulary,
    *,
    depth: int,
    by_id: bool,
    parallel: Parallel,
) -> Int32Array:
    if by_id:
        scores = scores.astype(np.float32).astype(np.float64)
    bounds, rows = grouped(users, len(counting))
    tied = np.zeros(len(users), dtype=np.bool_)
    keys = np.empty(0, dtype=np.uint64)

    def sort(block: tuple[int, int]) -> None:
        start, stop = block
        sort_groups(bounds[start : stop + 1], scores, keys, items, rows, tied)

    # In place, which threads can do and processes cannot.
    threads = replace(parallel, backend="threading")
    blocks = user_blocks(len(counting))
    map_shards(sort, blocks, parallel=threads)
    if tied.any():
        keys = np.zeros(len(users), dtype=np.uint64)
        if by_id:
            keys[tied] = descending_places(catalogue.ids)[items[tied]]
        else:
            keys[tied] = pair_keys(_TIE_SEED, counting.keys[users[tied]], catalogue.keys[items[tied]])
        map_shards(sort, blocks, parallel=threads)
    lists = np.full((len(counting), min(depth, int(np.diff(bounds).max(initial=1)))), NO_ITEM, dtype=np.int32)
    fill_lists(bounds, rows, items, lists)
    return lists


def _check_ranks(ranks: Float64Array) -> None:
    wrong = (ranks < 1) | (ranks != np.floor(ranks))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"the rank in row {row} of {_PREDICTIONS} is {ranks[row]:g}; ranks are whole numbers from 1, the best. "
            "Add 1 to ranks that begin at 0."
        )


def _lists_by_rank(users: Int32Array, items: Int32Array, ranks: Int64Array, counting: Vocabulary) -> Int32Array:
    width = int(ranks.max(initial=1))
    lists = np.full((len(counting), width), NO_ITEM, dtype=np.int32)
    taken = place_by_rank(users, ranks, items, lists)
    if taken >= 0:
        user = counting.ids.tolist()[users[taken]]
        raise DataError(
            f"two items of the user {user!r} have the rank {ranks[taken]} in {_PREDICTIONS}. "
            "Give each its own rank, or leave the column out and give scores."
        )
    return lists
