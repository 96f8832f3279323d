"""Check a split for faults that mislead an evaluation: tied timestamps, leakage, users and items not in training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from harness.artifacts import PARTS, Finding, Interactions, Part, Split
from harness.artifacts.array_types import BoolArray, Int64Array
from harness.data.canonical_order import decided_by_ties, require_timestamps
from harness.data.repeated_pairs import count_distinct, pair_codes, repeated_rows
from harness.data.times.date_text import date_text, span_text

_CASES = 3  # the number of worst cases that a finding names


@dataclass(frozen=True, eq=False)
class Holdout:
    """A part that is predicted, and the history before it.

    Parameters
    ----------
    split
        The whole split.
    part
        ``test``, whose history is train and validation, or ``validation``, whose history is train.
    excludes_seen
        Whether no user is recommended what is in their history.
    """

    split: Split
    part: Part
    excludes_seen: bool = True

    @cached_property
    def in_part(self) -> BoolArray:
        """Which rows are predicted."""
        rows: BoolArray = self.split.labels == PARTS.index(self.part)
        return rows

    @cached_property
    def in_history(self) -> BoolArray:
        """Which rows belong to the history."""
        return (self.split.labels >= 0) & (self.split.labels < PARTS.index(self.part))

    @cached_property
    def rows(self) -> Interactions:
        """The interactions that are predicted."""
        return self.split.interactions.rows(self.in_part)

    @cached_property
    def history(self) -> Interactions:
        """The interactions of the history."""
        return self.split.interactions.rows(self.in_history)

    @cached_property
    def users(self) -> Int64Array:
        """The users of the part."""
        return np.flatnonzero(np.bincount(self.rows.users))


def audit(split: Split, part: Part = "test", *, excludes_seen: bool = True) -> tuple[Finding, ...]:
    """Return the finding of each audit of a part of a split.

    Parameters
    ----------
    split
        In canonical order, as splits give it.
    part
        ``test`` or ``validation``.
    excludes_seen
        Whether no user is recommended what is in their history, so that ``repeats`` cannot be hit.

    Returns
    -------
    tuple of Finding
        An audit that finds nothing has a finding too, with count 0. Audits that need timestamps or titles are absent
        without them.

    Examples
    --------
    >>> from harness.artifacts import Vocabulary
    >>> from harness.data.splits import LeaveLastOut
    >>> plays = Interactions(
    ...     users=np.array([0, 0]),
    ...     items=np.array([0, 1]),
    ...     timestamps=np.array([5, 5]),
    ...     user_ids=Vocabulary.of(["ann"]),
    ...     item_ids=Vocabulary.of([7, 9]),
    ... )
    >>> audit(LeaveLastOut().split(plays))[0].sentence
    '1 of 1 users (100.0%): the tie rule alone decides which of their interactions is held out.'
    """
    # Fold-in is history of users who are held out whole.
    holdout = Holdout(split.with_fold_in_known(), part, excludes_seen)
    findings = [check(holdout) for check in AUDITS]
    return tuple(finding for finding in findings if finding is not None)


def _tied_targets(holdout: Holdout) -> Finding | None:
    interactions = holdout.split.interactions
    if interactions.timestamps is None or holdout.split.is_by_chance:
        return None
    tied = holdout.in_part & decided_by_ties(interactions, holdout.split.labels)
    return Finding.counted(
        "tied_targets",
        count_distinct(interactions.users[tied]),
        len(holdout.users),
        "users",
        "the tie rule alone decides which of their interactions is held out.",
    )


def _unseen_items(holdout: Holdout) -> Finding:
    return Finding.counted(
        "unseen_items",
        int((~np.isin(holdout.rows.items, holdout.history.items)).sum()),
        len(holdout.rows),
        "held-out interactions",
        "their item does not occur in the history of any user, so models of co-occurrence cannot find it.",
    )


def _users_without_history(holdout: Holdout) -> Finding:
    count = int((~np.isin(holdout.users, holdout.history.users)).sum())
    return Finding.counted(
        "users_without_history",
        count,
        len(holdout.users),
        "users",
        "they have no history, so a personalised model has nothing to use.",
        severity="error" if count == len(holdout.users) else "warning",
    )


def _repeats(holdout: Holdout) -> Finding:
    known, codes = np.sort(pair_codes(holdout.history)), pair_codes(holdout.rows)
    found = np.searchsorted(known, codes, side="right") > np.searchsorted(known, codes, side="left")
    if holdout.split.rolling:
        found |= _seen_within(holdout.rows)
    excluded = holdout.excludes_seen
    return Finding.counted(
        "repeats",
        int(found.sum()),
        len(holdout.rows),
        "held-out interactions",
        "the user had the item before; "
        + ("seen items are excluded, so they cannot be hit." if excluded else "seen items stay, so they can be hit."),
        severity="warning" if excluded else "info",
    )


def _seen_within(rows: Interactions) -> BoolArray:
    """Return whether the user had each row's item at an earlier moment of the part itself; ``(n,)``."""
    times = require_timestamps(rows, purpose="rolling history")
    _, pairs = np.unique(pair_codes(rows), return_inverse=True)
    first = np.full(int(pairs.max(initial=-1)) + 1, times.max(initial=0), dtype=times.dtype)
    np.minimum.at(first, pairs, times)
    seen: BoolArray = times > first[pairs]
    return seen


def _duplicates(holdout: Holdout) -> Finding:
    interactions = holdout.split.interactions
    return Finding.counted(
        "duplicates",
        repeated_rows(interactions),
        len(interactions),
        "interactions",
        "they repeat the same user and item; each is kept and counted.",
        severity="info",
    )


def _later_history(holdout: Holdout) -> Finding | None:
    times, held_out = holdout.history.timestamps, holdout.rows.timestamps
    if times is None or held_out is None:
        return None
    earliest = held_out.min() if len(held_out) else None
    later = np.flatnonzero(times > earliest) if earliest is not None else np.empty(0, dtype=np.int64)
    worst = later[np.argsort(-times[later], kind="stable")[:_CASES]]
    unit = holdout.history.time_unit
    return Finding.counted(
        "later_history",
        len(later),
        len(times),
        "history interactions",
        f"they are later than the earliest interaction of {holdout.part}, so models learn from the future.",
        cases=tuple(
            f"{_pair(holdout.history, row)} at {times[row] if unit is None else date_text(times[row].item(), unit)}, "
            f"{span_text(_after(times[row], earliest), unit)} after the earliest of {holdout.part}"
            for row in worst
        ),
    )


def _equal_titles(holdout: Holdout) -> Finding | None:
    items = holdout.split.interactions
    if items.item_table is None or "title" not in items.item_table:
        return None
    titles = items.item_table["title"]
    shared = titles[titles.notna() & titles.duplicated(keep=False)]
    groups = shared.groupby(shared).groups
    return Finding.counted(
        "equal_titles",
        len(shared),
        len(titles),
        "items",
        "another id has the same title; if both are the same item, a correct recommendation may count as a miss.",
        cases=tuple(
            f"{str(title)[:60]!r}: items {', '.join(map(str, items.item_ids.ids[list(rows)].tolist()[:5]))}"
            for title, rows in sorted(groups.items(), key=lambda group: (-len(group[1]), str(group[0])))[:_CASES]
        ),
    )


def _after(time: Any, earliest: Any) -> Fraction:
    return Fraction(time.item()) - Fraction(earliest.item())


def _pair(rows: Interactions, row: int) -> str:
    return f"user {rows.user_ids.ids[rows.users[row]]}, item {rows.item_ids.ids[rows.items[row]]}"


# A new audit is a function of the holdout in this table.
AUDITS: tuple[Callable[[Holdout], Finding | None], ...] = (
    _tied_targets,
    _unseen_items,
    _users_without_history,
    _repeats,
    _duplicates,
    _later_history,
    _equal_titles,
)
