"""Predictions made elsewhere, checked against a data set and brought into lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from harness.artifacts import NO_ITEM, TopK, Vocabulary, pair_keys, stream
from harness.artifacts.arrays import Int32Array, Int64Array
from harness.data.audits import Finding
from harness.data.columns import is_text
from harness.data.prediction_checks import UNKNOWN, Asked, RankedRows, barred_of, findings_of
from harness.data.prediction_files import PredictionTable
from harness.data.sequences import Moments
from harness.errors import DataError

if TYPE_CHECKING:
    from harness.data.columns import ArrowColumn


@dataclass(frozen=True, eq=False)
class CheckedPredictions:
    """Lists in the order of the users asked for, and what was found on the way, as audits have it."""

    topk: TopK
    findings: tuple[dict[str, Any], ...]


def checked_predictions(
    table: PredictionTable, asked: Asked, *, k: int, depth: int, seed: int = 0, strict: bool = False
) -> CheckedPredictions:
    """Return a file's predictions as lists, and what is odd in them.

    An item that is unknown, was seen where seen items are excluded, or is no candidate, leaves its
    slot empty: a miss, and nothing moves up. Ranks order a list where there are any, else scores;
    equal scores are in the order of the runner, drawn from the own ids.

    Parameters
    ----------
    table
        As read.
    asked
        The task.
    k
        Length of the lists; what lies deeper is left out.
    depth
        The largest cutoff, below which a list is short.
    seed
        Of the order of equal scores.
    strict
        Make an error of everything that is odd.

    Raises
    ------
    DataError
        Two items of a user have one rank; no user is one of those asked for; or, if ``strict``,
        anything at all is odd.
    """
    users, items = indices_of(table.users, asked.user_ids), indices_of(table.items, asked.item_ids)
    places = np.full(len(asked.user_ids) + 1, UNKNOWN, dtype=np.int64)  # the last is that of an unknown user
    places[asked.users] = np.arange(len(asked.users))
    place = places[users]
    masked = np.zeros(len(users), dtype=np.bool_) if table.scores is None else np.isneginf(table.scores)
    kept = np.flatnonzero((place != UNKNOWN) & ~masked)
    if len(kept) == 0:
        raise DataError(_nobody(table, asked))
    rows = _ordered(table, place, items, kept, asked, seed)
    barred = barred_of(rows, asked)
    findings = findings_of(table, asked, users, rows, barred, depth=depth)
    if strict:
        _refuse(findings, table.place)
    items_in = np.where(barred.seen | barred.outside | (rows.items == UNKNOWN), NO_ITEM, rows.items)
    return CheckedPredictions(_lists(rows, items_in, asked, k, table.place), tuple(each.as_dict() for each in findings))


def indices_of(column: ArrowColumn, vocabulary: Vocabulary) -> Int32Array:
    """Return the index of each own id, -1 where it is unknown; numbers and their text are the same id.

    Examples
    --------
    >>> indices_of(pa.chunked_array([["7", "x"]]), Vocabulary.of([7, 9]))
    array([ 0, -1], dtype=int32)
    """
    encoded: Any = column.dictionary_encode().unify_dictionaries().combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], type=encoded.type)
    distinct = encoded.dictionary.to_pylist()
    if vocabulary.is_text:
        known = vocabulary.indices(np.array([str(name) for name in distinct], dtype=object))
    else:
        whole = [_as_integer(name) for name in distinct]
        known = np.full(len(distinct), UNKNOWN, dtype=np.int32)
        usable = [row for row, name in enumerate(whole) if name is not None]
        known[usable] = vocabulary.indices(np.array([whole[row] for row in usable], dtype=np.int64))
    taken: Int32Array = known[encoded.indices.to_numpy()]
    return taken


def _as_integer(name: Any) -> int | None:
    """Return the integer that an id is or writes in its usual way, else None."""
    try:
        number = int(name)
    except (TypeError, ValueError, OverflowError):
        return None
    usual = str(number) == str(name) or (isinstance(name, float) and number == name)
    return number if usual and abs(number) < 1 << 63 else None


def _ordered(
    table: PredictionTable, place: Int64Array, items: Int32Array, kept: Int64Array, asked: Asked, seed: int
) -> RankedRows:
    users = place[kept]
    scores = np.zeros(len(kept)) if table.scores is None else table.scores[kept]
    if table.ranks_decide and table.ranks is not None:
        ranks = table.ranks[kept]
        order = np.lexsort((ranks, users))
        return RankedRows(users[order], items[kept][order], scores[order], ranks[order])
    # In float32, in which our own scores are kept and tied.
    falling = -scores.astype(np.float32).astype(np.float64)
    order = np.lexsort((falling, users))
    tied = np.flatnonzero(Moments.of(users[order].astype(np.int32), falling[order]).shared)
    rows = order[tied]
    if table.ranks is not None:  # a TREC run: equal scores by the rank that it states
        keys: Any = table.ranks[kept][rows]
    else:
        own = np.append(asked.item_ids.keys, np.uint64(0))
        user_keys = asked.user_ids.keys[asked.users[users[rows]]]
        keys = pair_keys(stream(seed, "ties"), user_keys, own[items[kept][rows]])
    order[tied] = rows[np.lexsort((items[kept][rows], keys, falling[rows], users[rows]))]
    sorted_users = users[order]
    starts = np.searchsorted(sorted_users, sorted_users, side="left")
    return RankedRows(sorted_users, items[kept][order], scores[order], np.arange(len(order)) - starts + 1)


def _lists(rows: RankedRows, items: Int32Array, asked: Asked, k: int, place: str) -> TopK:
    same = (np.diff(rows.users) == 0) & (np.diff(rows.ranks) == 0)
    if same.any():
        row = int(np.flatnonzero(same)[0])
        user = asked.user_ids.ids.tolist()[asked.users[rows.users[row]]]
        raise DataError(
            f"{place}: two items of the user {user!r} have the rank {rows.ranks[row]}. "
            "Give each its own rank, or leave the column out and give scores."
        )
    within = rows.ranks <= k
    lists = np.full((len(asked.users), k), NO_ITEM, dtype=np.int32)
    scores = np.full((len(asked.users), k), -np.inf, dtype=np.float32)
    lists[rows.users[within], rows.ranks[within] - 1] = items[within]
    scores[rows.users[within], rows.ranks[within] - 1] = rows.scores[within]
    return TopK(lists, scores, asked.user_ids.ids[asked.users])


def _nobody(table: PredictionTable, asked: Asked) -> str:
    if len(table.users) == 0:
        return f"{table.place}: there is not one prediction in the file. Write a row for each recommended item."
    if table.scores is not None and np.isneginf(table.scores).all():
        return f"{table.place}: every score is minus infinity, which stands for what must not be recommended."
    theirs = table.users[0].as_py()
    ours = asked.user_ids.ids[asked.users[:1]].tolist()[0]
    kind = "text" if is_text(table.users) else "numbers"
    return (
        f"{table.place}: no prediction is for a user that is asked for. The first user there is {theirs!r} ({kind}), "
        f"the first asked for {ours!r}. Use the data set's own ids, and predict for the users of the part."
    )


def _refuse(findings: list[Finding], place: str) -> None:
    odd = [finding.as_dict()["sentence"] for finding in findings if finding.count and finding.severity != "info"]
    if odd:
        raise DataError(f"{place}: strict mode refuses these predictions. {' '.join(odd)}")
