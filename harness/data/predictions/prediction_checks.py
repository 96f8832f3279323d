"""What is odd in predictions that were made elsewhere: counted, each with what is done about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from harness.artifacts import Finding, RecommendationTask
from harness.artifacts.array_types import BoolArray, Float32Array, Int32Array, Int64Array
from harness.data.predictions.prediction_files import PredictionTable
from harness.data.readers.columns import is_text

UNKNOWN = -1  # the index of an id that the data set does not have


@dataclass(frozen=True, eq=False)
class RankedRows:
    """Rows of users who are asked for, in the order of their lists; items may be unknown.

    Parameters
    ----------
    users
        int32 ``(n,)``: places among the users asked for.
    items
        int32 ``(n,)``: indices, -1 for an unknown one.
    scores
        float32 ``(n,)``; where the file has none, they fall with the rank.
    ranks
        int64 ``(n,)``, from 1.
    tied
        Scores that another one of the user's equals, where scores order the lists.
    rounding_ties
        Those of them that equal a different one once both are rounded to float32.
    """

    users: Int32Array
    items: Int32Array
    scores: Float32Array
    ranks: Int64Array
    tied: int = 0
    rounding_ties: int = 0


@dataclass(frozen=True, eq=False)
class ExcludedRows:
    """Which rows hold an item that may not be recommended, bool ``(n,)`` each: seen, or no candidate."""

    seen: BoolArray
    outside: BoolArray


def excluded_rows(rows: RankedRows, asked: RecommendationTask) -> ExcludedRows:
    """Return which rows hold an item that may not be recommended to their user."""
    # Deferred, so that reading an experiment does not wait for numba.
    from harness.data.predictions.prediction_kernels import mark_held

    outside = np.zeros(len(rows.items), dtype=np.bool_)
    if asked.candidates is not None:
        # The last stands for unknown items, which are another finding.
        outside |= ~np.append(asked.candidates, True)[rows.items]
    n_items = len(asked.item_ids)
    if asked.lists is not None:
        listed = np.empty(len(rows.items), dtype=np.bool_)
        everyone = np.arange(len(asked.users))
        mark_held(rows.users, rows.items, everyone, asked.lists.indptr, asked.lists.items, n_items, listed)
        outside |= ~listed & (rows.items != UNKNOWN)
    seen = np.zeros(len(rows.items), dtype=np.bool_)
    if asked.exclude_seen:
        mark_held(rows.users, rows.items, asked.users, asked.history.indptr, asked.history.items, n_items, seen)
    return ExcludedRows(seen, outside & ~seen)


def prediction_findings(
    table: PredictionTable,
    asked: RecommendationTask,
    users: Int32Array,
    rows: RankedRows,
    barred: ExcludedRows,
    *,
    depth: int,
    missing_count: bool = True,
) -> list[Finding]:
    """Return what is odd in a file of predictions.

    Parameters
    ----------
    table
        The file.
    asked
        The task.
    users
        int32 ``(n,)``: the index of each row's user in the data set, -1 where it is unknown.
    rows
        Those of users who are asked for.
    barred
        What of them may not be recommended.
    depth
        The largest cutoff, below which a list is short.
    missing_count
        Whether users without predictions count.
    """
    occurs = np.zeros(len(asked.user_ids) + 1, dtype=np.bool_)  # the last is that of an unknown user
    occurs[users] = True
    unknown = len(table.users.filter(pa.array(users == UNKNOWN)).unique()) if occurs[-1] else 0
    distinct = int(occurs[:-1].sum()) + unknown
    others = occurs[:-1].copy()
    others[asked.users] = False
    masked = 0 if table.scores is None else int((table.scores == -np.inf).sum())
    return [
        _missing_users(rows, asked, missing_count=missing_count),
        Finding.counted(
            "unknown_users",
            unknown,
            distinct,
            "users of the predictions",
            "the data set does not have them; they are left out.",
        ),
        Finding.counted(
            "users_not_asked_for",
            int(others.sum()),
            distinct,
            "users of the predictions",
            "they have nothing relevant in this part; they are left out.",
            severity="info",
        ),
        _of_rows("unknown_items", rows.items == UNKNOWN, "the data set does not have the item; the slot is a miss."),
        _of_rows(
            "repeated_items", _repeated(rows, len(asked.item_ids)), "the list had the item before; the slot is a miss."
        ),
        _of_rows("seen_items", barred.seen, "the user had the item before, and seen items are excluded; a miss."),
        _of_rows("not_candidates", barred.outside, "it is no candidate of the experiment; the slot is a miss."),
        _short(rows, asked, depth),
        Finding.counted(
            "masked_scores",
            masked,
            len(users),
            "predictions",
            "their score is minus infinity, which stands for what is not recommended; they are left out.",
            severity="info",
        ),
        _of_ties(
            "tied_scores",
            rows.tied,
            rows,
            "another item of the user has the same score, so the rule of ties orders them.",
        ),
        _of_ties(
            "rounding_ties",
            rows.rounding_ties,
            rows,
            "the score equals a different one of the user once both are rounded to float32, and they count as ties.",
        ),
        _contradictions(rows, table),
    ]


def _of_rows(name: str, mask: BoolArray, meaning: str) -> Finding:
    return Finding.counted(name, int(mask.sum()), len(mask), "predictions", meaning)


def _of_ties(name: str, count: int, rows: RankedRows, meaning: str) -> Finding:
    return Finding.counted(name, count, len(rows.items), "predictions", meaning, severity="info")


def _repeated(rows: RankedRows, n_items: int) -> BoolArray:
    from harness.data.predictions.prediction_kernels import mark_repeated  # as above

    repeated = np.empty(len(rows.items), dtype=np.bool_)
    mark_repeated(rows.users, rows.items, n_items, repeated)
    return repeated


def _distinct(users: Int32Array) -> int:
    """Return how many users there are in rows that are by user."""
    return int((users[1:] != users[:-1]).sum()) + (len(users) > 0)


def _missing_users(rows: RankedRows, asked: RecommendationTask, *, missing_count: bool) -> Finding:
    missing = len(asked.users) - _distinct(rows.users)
    meaning = "they count and score 0." if missing_count else "they are left out (without_predictions: drop)."
    return Finding.counted("missing_users", missing, len(asked.users), "users", f"they have no prediction; {meaning}")


def _short(rows: RankedRows, asked: RecommendationTask, depth: int) -> Finding:
    lengths = np.bincount(rows.users, minlength=len(asked.users))
    return Finding.counted(
        "short_lists",
        int(((lengths > 0) & (lengths < depth)).sum()),
        len(asked.users),
        "users",
        f"their list is shorter than the largest cutoff, {depth}; what is lacking is a miss.",
    )


def _contradictions(rows: RankedRows, table: PredictionTable) -> Finding:
    rising = np.zeros(0, dtype=np.int64)
    if table.scores is not None and table.ranks is not None:
        rising = np.flatnonzero((np.diff(rows.users) == 0) & (np.diff(rows.scores) > 0))
    return Finding.counted(
        "contradicting_ranks",
        _distinct(rows.users[rising]),
        _distinct(rows.users),
        "users",
        "a worse rank has a better score; the ranks decide.",
    )


def no_usable_message(table: PredictionTable, asked: RecommendationTask) -> str:
    """Return the message for a file without a prediction for a user who is asked for."""
    if len(table.users) == 0:
        return f"{table.place}: there is not one prediction in the file. Write a row for each recommended item."
    if table.scores is not None and np.isneginf(table.scores).all():
        return f"{table.place}: every score is minus infinity, which stands for what is not recommended."
    theirs = table.users[0].as_py()
    ours = asked.user_ids.ids[asked.users[:1]].tolist()[0]
    kind = "text" if is_text(table.users) else "numbers"
    return (
        f"{table.place}: no prediction is for a user that is asked for. The first user there is {theirs!r} ({kind}), "
        f"the first asked for {ours!r}. Use the data set's own ids, and predict for the users of the part."
    )
