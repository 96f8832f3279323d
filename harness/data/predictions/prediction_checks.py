"""Audit external predictions: count what is odd, and say how it is treated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from harness.artifacts import Finding, RecommendationTask
from harness.artifacts.array_types import BoolArray, Float32Array, Int32Array, Int64Array
from harness.data.predictions.prediction_files import PredictionTable
from harness.data.readers.columns import is_text

UNKNOWN = -1  # the index of an id that the data set does not have

# What each finding counts, and what it does to the numbers.
_MEANINGS = {
    "missing_users": ("users", "they have no prediction; {missing}"),
    "unknown_users": ("users of the predictions", "the data set does not have them; they are left out."),
    "users_not_asked_for": ("users of the predictions", "they have no relevant item in this part; they are left out."),
    "unknown_items": ("predictions", "the data set does not have the item; a miss."),
    "repeated_items": ("predictions", "the item is in the list already; the slot is a miss."),
    "seen_items": ("predictions", "the user had the item before, and seen items are excluded; the slot is a miss."),
    "not_candidates": ("predictions", "it is not a candidate of the experiment; a miss."),
    "short_lists": ("users", "their list is shorter than the largest cutoff, {depth}; the missing slots are misses."),
    "masked_scores": (
        "predictions",
        "their score is minus infinity, which means that the item is not recommended; they are left out.",
    ),
    "tied_scores": ("predictions", "another item of the user has the same score, so the tie rule orders them."),
    "rounding_ties": (
        "predictions",
        "the score equals another score of the user after both are rounded to float32; they count as ties.",
    ),
    "contradicting_ranks": ("users", "a worse rank has a better score; the ranks decide."),
}
_HARMLESS = ("users_not_asked_for", "masked_scores", "tied_scores", "rounding_ties")


@dataclass(frozen=True, eq=False)
class RankedRows:
    """Rows of the users of the task, in the order of their lists; items may be unknown.

    Parameters
    ----------
    users
        int32 ``(n,)``: places among the users of the task.
    items
        int32 ``(n,)``: indices, -1 for an unknown item.
    scores
        float32 ``(n,)``; if the file has none, numbers that decrease with the rank.
    ranks
        int64 ``(n,)``, from 1.
    tied
        The count of scores that equal another score of the same user, if scores order the lists.
    rounding_ties
        The count of those that only become equal when they are rounded to float32.
    """

    users: Int32Array
    items: Int32Array
    scores: Float32Array
    ranks: Int64Array
    tied: int = 0
    rounding_ties: int = 0


@dataclass(frozen=True, eq=False)
class ExcludedRows:
    """Rows whose item may not be recommended, bool ``(n,)`` each: it was seen, or is not a candidate."""

    seen: BoolArray
    outside: BoolArray


def excluded_rows(rows: RankedRows, asked: RecommendationTask) -> ExcludedRows:
    """Return the rows whose item may not be recommended to their user."""
    # Deferred, so that reading an experiment does not import numba.
    from harness.data.predictions.prediction_kernels import mark_members

    outside = np.zeros(len(rows.items), dtype=np.bool_)
    if asked.candidates is not None:
        # The last entry is for unknown items, which are a finding of their own.
        outside |= ~np.append(asked.candidates, True)[rows.items]
    n_items = len(asked.item_ids)
    if asked.lists is not None:
        listed = np.empty(len(rows.items), dtype=np.bool_)
        everyone = np.arange(len(asked.users))
        mark_members(rows.users, rows.items, everyone, asked.lists.indptr, asked.lists.items, n_items, listed)
        outside |= ~listed & (rows.items != UNKNOWN)
    seen = np.zeros(len(rows.items), dtype=np.bool_)
    if asked.exclude_seen:
        mark_members(rows.users, rows.items, asked.users, asked.history.indptr, asked.history.items, n_items, seen)
    return ExcludedRows(seen, outside & ~seen)


def prediction_findings(
    table: PredictionTable,
    asked: RecommendationTask,
    users: Int32Array,
    rows: RankedRows,
    excluded: ExcludedRows,
    *,
    depth: int,
    missing_count: bool = True,
) -> list[Finding]:
    """Return the findings about a file of predictions.

    Parameters
    ----------
    table
        The file.
    asked
        The task.
    users
        int32 ``(n,)``: the index of each row's user in the data set, -1 if unknown.
    rows
        The rows of the users of the task.
    excluded
        The rows whose item may not be recommended.
    depth
        The largest cutoff; a list with fewer items is short.
    missing_count
        Whether users without predictions count.
    """
    occurs = np.zeros(len(asked.user_ids) + 1, dtype=np.bool_)  # the last entry is for unknown users
    occurs[users] = True
    unknown = len(table.users.filter(pa.array(users == UNKNOWN)).unique()) if occurs[-1] else 0
    distinct = int(occurs[:-1].sum()) + unknown
    others = occurs[:-1].copy()
    others[asked.users] = False
    lengths = np.bincount(rows.users, minlength=len(asked.users))
    rising = np.zeros(0, dtype=np.int64)
    if table.scores is not None and table.ranks is not None:
        rising = np.flatnonzero((np.diff(rows.users) == 0) & (np.diff(rows.scores) > 0))
    counts = {
        "missing_users": (int((lengths == 0).sum()), len(asked.users)),
        "unknown_users": (unknown, distinct),
        "users_not_asked_for": (int(others.sum()), distinct),
        "unknown_items": (int((rows.items == UNKNOWN).sum()), len(rows.items)),
        "repeated_items": (_repeated(rows, len(asked.item_ids)), len(rows.items)),
        "seen_items": (int(excluded.seen.sum()), len(rows.items)),
        "not_candidates": (int(excluded.outside.sum()), len(rows.items)),
        "short_lists": (int(((lengths > 0) & (lengths < depth)).sum()), len(asked.users)),
        "masked_scores": (0 if table.scores is None else int((table.scores == -np.inf).sum()), len(users)),
        "tied_scores": (rows.tied, len(rows.items)),
        "rounding_ties": (rows.rounding_ties, len(rows.items)),
        "contradicting_ranks": (len(np.unique(rows.users[rising])), int((lengths > 0).sum())),
    }
    missing = "they count and score 0." if missing_count else "they are left out (without_predictions: drop)."
    return [
        Finding.counted(
            *(name, count, of, _MEANINGS[name][0], _MEANINGS[name][1].format(depth=depth, missing=missing)),
            severity="info" if name in _HARMLESS else "warning",
        )
        for name, (count, of) in counts.items()
    ]


def _repeated(rows: RankedRows, n_items: int) -> int:
    from harness.data.predictions.prediction_kernels import mark_repeated  # deferred, as above

    repeated = np.empty(len(rows.items), dtype=np.bool_)
    mark_repeated(rows.users, rows.items, n_items, repeated)
    return int(repeated.sum())


def no_usable_message(table: PredictionTable, asked: RecommendationTask) -> str:
    """Return the message for a file without a prediction for any user of the task."""
    if len(table.users) == 0:
        return f"{table.place}: the file has no prediction. Write one row per recommended item."
    if table.scores is not None and np.isneginf(table.scores).all():
        return f"{table.place}: every score is minus infinity, which means that the item is not recommended."
    theirs = table.users[0].as_py()
    ours = asked.user_ids.ids[asked.users[:1]].tolist()[0]
    kind = "text" if is_text(table.users) else "numbers"
    return (
        f"{table.place}: no prediction is for a user of the evaluated part. The first user of the file is {theirs!r} "
        f"({kind}), the first of the part {ours!r}. Use the external ids of the data set, and predict for its users."
    )
