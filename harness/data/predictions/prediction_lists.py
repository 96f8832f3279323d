"""Convert predictions read from a file to ranked lists, and check that their users and items are in the data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from harness.artifacts import (
    NO_ITEM,
    Finding,
    RecommendationTask,
    TopK,
    Vocabulary,
    descending_places,
    integer_of,
    pair_keys,
    rounded,
    rounding_ties,
    stream,
)
from harness.artifacts.array_types import BoolArray, Float32Array, Int32Array, Int64Array, UInt64Array
from harness.data.canonical_order import TiedRuns
from harness.data.predictions.prediction_checks import (
    UNKNOWN,
    RankedRows,
    excluded_rows,
    no_usable_message,
    prediction_findings,
)
from harness.data.predictions.prediction_files import PredictionTable
from harness.errors import DataError

if TYPE_CHECKING:
    from harness.data.readers.columns import ArrowColumn


@dataclass(frozen=True, eq=False)
class CheckedPredictions:
    """Ranked lists in the order of the users of the task, and the findings about the file."""

    topk: TopK
    findings: tuple[Finding, ...]


def checked_predictions(
    table: PredictionTable,
    asked: RecommendationTask,
    *,
    depth: int,
    by_id: bool = False,
    strict: bool = False,
    missing_count: bool = True,
) -> CheckedPredictions:
    """Return the ranked lists of a file of predictions, and the findings about it.

    An item that is unknown, excluded because it was seen, or not a candidate leaves its slot empty: the slot is a miss,
    and later items do not move up. Ranks order a list if there are any, otherwise scores in float32. Equal scores are
    in the same order as in the runner, drawn from the external ids.

    Parameters
    ----------
    table
        The rows of the file.
    asked
        The task. Its ``k`` is the length of the lists at most; deeper predictions are left out.
    depth
        The largest cutoff, below which a list is short, and no list is cut.
    by_id
        Whether to order as trec_eval does: by scores even if there are ranks, and equal scores by descending item id
        as text.
    strict
        Whether every finding above ``info`` is an error.
    missing_count
        Whether users without predictions count.

    Raises
    ------
    DataError
        Two items of a user have the same rank, no prediction is for a user of the task, or ``strict`` finds
        something odd.
    """
    users, items = indices_of(table.users, asked.user_ids), indices_of(table.items, asked.item_ids)
    places = np.full(len(asked.user_ids) + 1, UNKNOWN, dtype=np.int32)  # the last entry is for unknown users
    places[asked.users] = np.arange(len(asked.users))
    place = places[users]
    usable = place != UNKNOWN
    if table.scores is not None:
        usable &= table.scores != -np.inf
    if not usable.any():
        raise DataError(no_usable_message(table, asked))
    # If nothing is left out, a view of all rows needs no copy.
    kept = slice(None) if usable.all() else np.flatnonzero(usable)
    rows = _ordered(table, place, items, kept, asked, by_id=by_id)
    excluded = excluded_rows(rows, asked)
    findings = prediction_findings(table, asked, users, rows, excluded, depth=depth, missing_count=missing_count)
    if strict:
        _refuse(findings, table.place)
    items_in = np.where(excluded.seen | excluded.outside | (rows.items == UNKNOWN), np.int32(NO_ITEM), rows.items)
    return CheckedPredictions(_lists(rows, items_in, asked, depth=depth, place=table.place), tuple(findings))


def indices_of(column: ArrowColumn, vocabulary: Vocabulary) -> Int32Array:
    """Return the index of each external id, -1 if unknown; a number and its text are the same id.

    Examples
    --------
    >>> indices_of(pa.chunked_array([["7", "x"]]), Vocabulary.of([7, 9]))
    array([ 0, -1], dtype=int32)
    """
    if pa.types.is_integer(column.type) and not vocabulary.is_text and len(vocabulary):
        dense = _dense_indices(column, vocabulary)
        if dense is not None:
            return dense
    encoded: Any = column.dictionary_encode().unify_dictionaries().combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], type=encoded.type)
    known = vocabulary.lookup(encoded.dictionary.to_pylist())
    taken: Int32Array = known[encoded.indices.to_numpy()]
    return taken


def _dense_indices(column: ArrowColumn, vocabulary: Vocabulary) -> Int32Array | None:
    """Return the indices of integers by a lookup table from the lowest to the highest id; None if it would be long."""
    low, high = int(vocabulary.ids[0]), int(vocabulary.ids[-1])
    if high - low >= 4 * max(len(vocabulary), len(column)):
        return None
    table = np.full(high - low + 2, UNKNOWN, dtype=np.int32)  # the last entry is for all other numbers
    table[vocabulary.ids - low] = np.arange(len(vocabulary), dtype=np.int32)
    indices = np.empty(len(column), dtype=np.int32)
    end = 0
    for chunk in column.chunks:
        start, end = end, end + len(chunk)
        values = chunk.to_numpy()
        known = (values >= low) & (values <= high)
        indices[start:end] = table[np.where(known, values.astype(np.int64) - low, len(table) - 1)]
    return indices


def _ordered(
    table: PredictionTable,
    place: Int32Array,
    items: Int32Array,
    kept: slice | Int64Array,
    asked: RecommendationTask,
    *,
    by_id: bool,
) -> RankedRows:
    users, items = place[kept], items[kept]
    scores = None if table.scores is None else rounded(table.scores[kept])
    if table.ranks is not None and (scores is None or not by_id):
        ranks = table.ranks[kept]
        order = _order(users, ranks)
        # Without scores, ranks have no ties.
        falling = (1 - ranks).astype(np.float32) if scores is None else scores
        return RankedRows(users[order], items[order], falling[order], ranks[order])
    assert scores is not None  # noqa: S101  (a file has one of both)
    falling = -scores
    order = _order(users, falling)
    tied = np.flatnonzero(_shared(users[order], falling[order]))
    by_rounding = 0
    if len(tied):
        order = np.arange(len(users))[order]
        rows = order[tied]
        assert table.scores is not None  # noqa: S101  (as above)
        by_rounding = rounding_ties(users[rows], table.scores[kept][rows])
        in_file: Any = pa.array(rows if isinstance(kept, slice) else kept[rows])
        keys = _tie_keys(table.items.take(in_file), users[rows], items[rows], asked, by_id=by_id)
        order[tied] = rows[np.lexsort((items[rows], keys, falling[rows], users[rows]))]
    sorted_users = users[order]
    runs = TiedRuns.of(sorted_users, None)
    ranks = np.arange(1, len(sorted_users) + 1) - np.repeat(runs.starts, runs.sizes)
    return RankedRows(sorted_users, items[order], scores[order], ranks, len(tied), by_rounding)


def _tie_keys(
    names: ArrowColumn, users: Int32Array, items: Int32Array, asked: RecommendationTask, *, by_id: bool
) -> UInt64Array:
    """Return the keys that order equal scores of a user, ascending; ``(n,)``.

    Parameters
    ----------
    names
        External ids of the items, as in the file.
    users, items
        As in ``RankedRows``.
    asked
        The task.
    rule
        How ties are ordered.
    """
    if by_id:
        distinct, places = _distinct_names(names, asked.item_ids)
        return descending_places(np.array([str(name) for name in distinct], dtype=object))[places]
    keys = np.append(asked.item_ids.keys, np.uint64(0))[items]
    unknown = items == UNKNOWN
    if unknown.any():  # drawn from their ids too, or all of them would tie as one item
        distinct, places = _distinct_names(names.filter(pa.array(unknown)), asked.item_ids)
        keys[unknown] = _keys_of(distinct)[places]
    return pair_keys(stream(asked.seed, "ties"), asked.user_ids.keys[asked.users[users]], keys)


def _distinct_names(column: ArrowColumn, vocabulary: Vocabulary) -> tuple[list[str | int], Int64Array]:
    """Return the distinct ids of a column, as integers if the vocabulary has integers, and each row's place there."""
    distinct = column.unique()
    codes: Any = pc.index_in(column, value_set=distinct)
    names: list[Any] = distinct.to_pylist()
    whole = [None if vocabulary.is_text else integer_of(name) for name in names]
    return [
        str(name) if number is None else number for name, number in zip(names, whole, strict=True)
    ], codes.to_numpy().astype(np.int64)


def _keys_of(ids: list[str | int]) -> UInt64Array:
    """Return the hash of each id; ``(n,)``."""
    keys = np.empty(len(ids), dtype=np.uint64)
    for kind in (int, str):
        rows = [row for row, name in enumerate(ids) if isinstance(name, kind)]
        if rows:
            vocabulary = Vocabulary.of([ids[row] for row in rows])
            keys[rows] = vocabulary.keys[vocabulary.indices([ids[row] for row in rows])]
    return keys


def _order(users: Int32Array, keys: NDArray[Any]) -> slice | Int64Array:
    """Return the order by user, then key; a slice of all rows if they are sorted already."""
    # Deferred, so that reading an experiment does not import numba.
    from harness.data.predictions.prediction_kernels import is_sorted

    return slice(None) if is_sorted(users, keys) else np.lexsort((keys, users))


def _shared(users: Int32Array, keys: Float32Array) -> BoolArray:
    """Return which rows have the user and key of a neighbouring row; rows are sorted by both."""
    same = (users[1:] == users[:-1]) & (keys[1:] == keys[:-1])
    shared = np.zeros(len(users), dtype=np.bool_)
    shared[1:] |= same
    shared[:-1] |= same
    return shared


def _lists(rows: RankedRows, items: Int32Array, asked: RecommendationTask, *, depth: int, place: str) -> TopK:
    same = (np.diff(rows.users) == 0) & (np.diff(rows.ranks) == 0)
    if same.any():
        row = int(np.flatnonzero(same)[0])
        user = asked.user_ids.ids.tolist()[asked.users[rows.users[row]]]
        raise DataError(
            f"{place}: two items of the user {user!r} have the rank {rows.ranks[row]}. "
            "Give each its own rank, or leave the column out and give scores."
        )
    k = min(asked.k, max(depth, int(rows.ranks.max())))  # no longer than the longest list
    lists = np.full((len(asked.users), k), NO_ITEM, dtype=np.int32)
    scores = np.full((len(asked.users), k), -np.inf, dtype=np.float32)
    within = rows.ranks <= k
    kept = slice(None) if within.all() else within
    places = rows.users[kept].astype(np.int64) * k + (rows.ranks[kept] - 1)
    lists.reshape(-1)[places] = items[kept]
    scores.reshape(-1)[places] = rows.scores[kept]
    return TopK(lists, scores, asked.user_ids.ids[asked.users])


def _refuse(findings: list[Finding], place: str) -> None:
    odd = [finding.sentence for finding in findings if finding.count and finding.severity != "info"]
    if odd:
        raise DataError(f"{place}: strict mode refuses these predictions. {' '.join(odd)}")
