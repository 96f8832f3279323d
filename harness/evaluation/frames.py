"""Align data frames of predictions and truth, with external ids and rows in any order."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from harness.artifacts import (
    NO_ITEM,
    Truth,
    Vocabulary,
    descending_places,
    pair_keys,
    rounding_ties,
    stream,
)
from harness.artifacts.array_types import Float64Array, IdArray, Int32Array, Int64Array
from harness.errors import DataError
from harness.evaluation.alignment import Alignment, check_alike, counts_of, nobody_counts, strangers_alone
from harness.evaluation.frame_columns import (
    PREDICTIONS,
    TRUTH,
    ScoreColumn,
    check_columns,
    codes_of,
    gains_of,
    no_order,
    ranks_of,
    scores_of,
)
from harness.evaluation.judgements import relevant_once
from harness.evaluation.row_kernels import fill_lists, grouped, place_by_rank, sort_groups
from harness.evaluation.user_blocks import parts
from harness.execution import Parallel, map_shards
from harness.metrics.metric_inputs import RelevantItems

_SMALLEST = 1 << 14  # smallest number of users for which a thread is worthwhile
UNKNOWN = -1  # the index of an id that a vocabulary lacks

# The default seed of the runner, so that a file of predictions has the values of the run that wrote it.
_TIE_SEED = stream(0, "ties")


@dataclass(frozen=True, eq=False)
class _PredictionRows:
    """Rows of predictions; users and items are indices, -1 for a user that does not count."""

    users: Int32Array
    items: Int32Array
    scores: ScoreColumn | None
    ranks: Float64Array | None  # used instead of scores if there are any


def align_frames(
    predictions: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    depth: int,
    whole: bool = False,
    n_items: int | None = None,
    by_id: bool = False,
    parallel: Parallel,
) -> Alignment:
    """Convert two data frames to lists and truth of the same users.

    Parameters
    ----------
    predictions
        Columns ``user``, ``item``, and ``rank`` (1-based; it is used if both are there) or ``score`` (highest first, in
        float32; equal scores are ordered by a hash of the ids, never by the order of rows). Rows whose score is minus
        infinity are left out.
    truth
        Columns ``user``, ``item``, and optionally ``gain`` (0 or less: not relevant; the highest of a pair counts).
    depth
        Number of ranks that are needed.
    whole
        Whether all ranks are needed, as many as the user with the most rows has rows.
    n_items
        Size of the catalogue, or None.
    by_id
        Whether equal scores are ordered by item id as text, descending, and ranks are ignored, as trec_eval does.
    parallel
        Threads for sorting.

    Raises
    ------
    HarnessError
        A column is missing or holds what it cannot hold, ids are of different types, two items of a
        user have one rank, no user is common, or no user has a relevant item.
    """
    check_columns(predictions, PREDICTIONS)
    check_columns(truth, TRUTH)
    scores = scores_of(predictions)
    ranks = None if by_id else ranks_of(predictions)
    if scores is None and ranks is None:
        raise no_order(predictions)
    masked = None if scores is None else scores.masked
    if masked is not None and masked.all():
        raise DataError(
            f"every score in {PREDICTIONS} is minus infinity, which means that an item is not recommended. "
            "Write the scores of the recommended items."
        )
    gains = gains_of(truth)
    relevant = np.ones(len(truth), dtype=np.bool_) if gains is None else gains > 0
    if not relevant.any():
        raise nobody_counts()
    users, items = codes_of(truth, "user", TRUTH), codes_of(truth, "item", TRUTH)
    listed_users, listed_items = codes_of(predictions, "user", PREDICTIONS), codes_of(predictions, "item", PREDICTIONS)
    if whole:
        depth = max(depth, int(np.bincount(listed_users.codes).max(initial=0)))
    check_alike(listed_users.ids, users.ids, "user id", places=(PREDICTIONS, TRUTH))
    check_alike(listed_items.ids, items.ids, "item id", places=(PREDICTIONS, TRUTH))

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
    lists, tied = _lists(
        _PredictionRows(rows, listed_items.indices(catalogue), scores, ranks),
        counting,
        catalogue,
        depth=depth,
        by_id=by_id,
        parallel=parallel,
    )
    owners = users.indices(counting)
    indptr, order = grouped(owners[owners != UNKNOWN], len(counting))
    order = np.flatnonzero(owners != UNKNOWN)[order]
    judged = relevant_once(Truth(indptr, items.indices(catalogue)[order], None if gains is None else gains[order]))
    everyone = np.arange(len(counting))
    return Alignment(
        items=lists,
        list_rows=everyone,
        relevant=RelevantItems(judged.truth.indptr, judged.truth.items, everyone, gains=judged.truth.gains),
        users=counting.ids,
        left_out=len(pd.unique(_all_ids(listed_users.ids, users.ids))) - len(counting),
        counts=counts_of(judged, masked=0 if masked is None else int(masked.sum()), rounding_ties=tied),
        item_ids=catalogue.ids,
    )


def _all_ids(ids: IdArray, others: IdArray) -> IdArray:
    # An empty column has no type of its own.
    return np.concatenate([side for side in (ids, others) if len(side)] or [ids])


def _lists(
    rows: _PredictionRows, counting: Vocabulary, catalogue: Vocabulary, *, depth: int, by_id: bool, parallel: Parallel
) -> tuple[Int32Array, int]:
    """Return the lists of the users that count, int32 ``(users, up to depth)``, and how many scores rounding ties."""
    known = rows.users != UNKNOWN
    if rows.scores is not None and rows.scores.masked is not None:
        known &= ~rows.scores.masked
    if rows.ranks is not None:
        known &= rows.ranks <= depth
        return _lists_by_rank(rows.users[known], rows.items[known], rows.ranks[known].astype(np.int64), counting), 0
    assert rows.scores is not None  # noqa: S101  (one of both is there)
    kept = slice(None) if known.all() else known
    users, items, scores = rows.users[kept], rows.items[kept], rows.scores.rounded[kept]
    bounds, order = grouped(users, len(counting))
    tied = np.zeros(len(users), dtype=np.bool_)
    keys = np.empty(0, dtype=np.uint64)

    def sort(block: tuple[int, int]) -> None:
        start, stop = block
        sort_groups(bounds[start : stop + 1], scores, keys, items, order, tied)

    # The rows are sorted in place, which needs threads.
    threads = replace(parallel, backend="threading")
    blocks = parts(len(counting), smallest=_SMALLEST)
    map_shards(sort, blocks, parallel=threads)
    by_rounding = 0
    if tied.any():
        keys = np.zeros(len(users), dtype=np.uint64)
        if by_id:
            keys[tied] = descending_places(catalogue.ids)[items[tied]]
        else:
            keys[tied] = pair_keys(_TIE_SEED, counting.keys[users[tied]], catalogue.keys[items[tied]])
        map_shards(sort, blocks, parallel=threads)
        by_rounding = rounding_ties(users[tied], rows.scores.given[kept][tied])
    lists = np.full((len(counting), min(depth, int(np.diff(bounds).max(initial=1)))), NO_ITEM, dtype=np.int32)
    fill_lists(bounds, order, items, lists)
    return lists, by_rounding


def _lists_by_rank(users: Int32Array, items: Int32Array, ranks: Int64Array, counting: Vocabulary) -> Int32Array:
    width = int(ranks.max(initial=1))
    lists = np.full((len(counting), width), NO_ITEM, dtype=np.int32)
    taken = place_by_rank(users, ranks, items, lists)
    if taken >= 0:
        user = counting.ids.tolist()[users[taken]]
        raise DataError(
            f"two items of the user {user!r} have the rank {ranks[taken]} in {PREDICTIONS}. "
            "Give each its own rank, or leave the column out and give scores."
        )
    return lists
