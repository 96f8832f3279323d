"""What the splits share: the tie rule, shares of each user's rows, checks, and what is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from harness.artifacts import PARTS, Interactions, Part, Split
from harness.artifacts.array_types import BoolArray, Int8Array, Int64Array
from harness.data.row_order import (
    TieOrder,
    canonical_order,
    decided_by_ties,
    distinct,
    needed_timestamps,
)
from harness.errors import DataError

TRAIN, VALIDATION, TEST, FOLD_IN = range(len(PARTS))

# ``error`` is for the splits in which an order in time decides the parts.
Ties = Literal["shuffle", "stable", "item_ascending", "item_descending", "error"]


def check_seed(seed: int, *, ties: str = "shuffle") -> None:
    """Raise for a seed that is negative, or that the tie rule leaves without effect.

    Raises
    ------
    ValueError
        As said.
    """
    if seed < 0:
        raise ValueError(f"seed is {seed}; use 0 or more")
    if seed > 0 and ties not in ("shuffle", "error"):
        raise ValueError(f"seed is {seed}, and ties: {ties} draws nothing; leave seed out, or use ties: shuffle")


def check_shares(test: float, validation: float) -> None:
    """Raise for shares that leave no test or no train.

    Raises
    ------
    ValueError
        As said.
    """
    if not 0 < test < 1:
        raise ValueError(f"test is {test}; use a share between 0 and 1, such as 0.2")
    if not 0 <= validation < 1:
        raise ValueError(f"validation is {validation}; use a share from 0 (none) to below 1, such as 0.1")
    if test + validation >= 1:
        raise ValueError(f"test {test} and validation {validation} leave nothing to train on")


def in_order(interactions: Interactions, *, seed: int, ties: Ties, kind: str) -> Interactions:
    """Return the interactions in canonical order.

    Raises
    ------
    DataError
        Ties are to be refused, and there are no timestamps to tell them by.
    """
    if ties == "error":
        needed_timestamps(interactions, purpose=f"split {kind} with ties: error")
    rule: TieOrder = "shuffle" if ties == "error" else ties
    return interactions.rows(canonical_order(interactions, seed=seed, ties=rule))


def lengths_of(interactions: Interactions) -> Int64Array:
    """Return the number of rows of each user; int64 ``(users,)``."""
    return np.bincount(interactions.users, minlength=len(interactions.user_ids))


def places_of(lengths: Int64Array) -> Int64Array:
    """Return the place of each row among its user's, from 0, for rows in the order of users; ``(n,)``.

    Examples
    --------
    >>> places_of(np.array([2, 3]))
    array([0, 1, 0, 1, 2])
    """
    begins = np.cumsum(lengths) - lengths
    return np.arange(int(lengths.sum())) - np.repeat(begins, lengths)


def share_of(lengths: Int64Array, share: float) -> Int64Array:
    """Return the share of each number, to the nearest whole one, halves up.

    Examples
    --------
    >>> share_of(np.array([1, 2, 5, 15]), 0.1)
    array([0, 0, 1, 2])
    """
    # The small addend keeps a half a half: 0.7 + 0.1 is a little less than 0.8 in floating point.
    rounded: Int64Array = np.floor(lengths * share + (0.5 + 1e-9)).astype(np.int64)
    return rounded


def last_shares(lengths: Int64Array, places: Int64Array, *, test: float, validation: float) -> Int8Array:
    """Return the parts where each user's last places are held out; at least one place stays in train.

    Parameters
    ----------
    lengths
        Rows of each user, int64 ``(users,)``.
    places
        The place of each row among its user's, rows in the order of users; ``(n,)``.
    test, validation
        Shares of each user's rows.
    """
    most = np.maximum(lengths - 1, 0)
    tested = np.minimum(share_of(lengths, test), most)
    held_out = np.minimum(share_of(lengths, test + validation), most)
    from_the_end = np.repeat(lengths, lengths) - 1 - places
    labels = np.full(len(places), TRAIN, dtype=np.int8)
    labels[from_the_end < np.repeat(held_out, lengths)] = VALIDATION
    labels[from_the_end < np.repeat(tested, lengths)] = TEST
    return labels


def finished(
    ordered: Interactions,
    labels: Int8Array,
    *,
    kind: str,
    needed: Sequence[Part],
    remedy: str,
    ties: Ties | None,
    facts: Mapping[str, Any],
) -> Split:
    """Return the split, once it is seen to hold what was asked for.

    Parameters
    ----------
    ordered
        In canonical order.
    labels
        The part of each row.
    kind
        Of the split, for messages.
    needed
        The parts that must not be empty.
    remedy
        What would work where one is.
    ties
        The tie rule where an order in time decided the parts, else None.
    facts
        What the split counted on its way.

    Raises
    ------
    DataError
        A part is empty, or ties are to be refused and decide one.
    """
    for part in needed:
        if not (labels == PARTS.index(part)).any():
            raise DataError(
                f"split {kind} leaves no interaction in {part}, of {len(ordered):,} interactions of "
                f"{distinct(ordered.users):,} users. {remedy}"
            )
    decided = np.zeros(len(ordered), dtype=np.bool_) if ties is None else decided_by_ties(ordered, labels)
    if ties == "error" and decided.any():
        count = distinct(ordered.users[decided])
        raise DataError(
            f"split {kind} with ties: error: for {count:,} of {distinct(ordered.users):,} users interactions of one "
            "moment would lie in different parts, so that the tie rule alone decides. "
            "Use ties: shuffle and report the seed, or a split that no tie decides, such as global_time."
        )
    return Split(ordered, labels, {**facts, **_counted(ordered, labels, decided, by_time=ties is not None)})


def _counted(interactions: Interactions, labels: Int8Array, decided: BoolArray, *, by_time: bool) -> dict[str, Any]:
    """Return what is counted of any split.

    For each part its ``interactions``, ``users``, ``items`` and ``share`` of the interactions;
    ``outside``, the interactions in no part, where there are any; ``tied_users``, those with an
    interaction in test that another order of ties would have put elsewhere, None where no order in
    time decides the parts; ``test_unseen_in_history`` and ``test_unseen_in_train``, the ``interactions``
    and ``items`` of test whose item is in no part that is known before it, and not in train.
    """
    facts: dict[str, Any] = {}
    n_items = len(interactions.item_ids)
    seen = {}
    for index, part in enumerate(PARTS):
        inside = labels == index
        count = int(np.count_nonzero(inside))
        if part == "fold_in" and count == 0:
            continue
        of_users = np.bincount(interactions.users[inside])
        of_items = np.bincount(interactions.items[inside], minlength=n_items)
        seen[part] = of_items > 0
        facts[part] = {
            "interactions": count,
            "users": int(np.count_nonzero(of_users)),
            "items": int(np.count_nonzero(of_items)),
            "share": count / len(interactions),
        }
    outside = int(np.count_nonzero(labels < 0))
    if outside:
        facts["outside"] = {"interactions": outside, "share": outside / len(interactions)}
    test = labels == TEST
    facts["tied_users"] = None
    if by_time:
        tied = distinct(interactions.users[test & decided])
        facts["tied_users"] = {"count": tied, "of": facts["test"]["users"], "share": tied / facts["test"]["users"]}
    held_out = interactions.items[test]
    history = np.logical_or.reduce([of_items for part, of_items in seen.items() if part != "test"])
    for name, known in (("history", history), ("train", seen["train"])):
        unseen = held_out[~known[held_out]]
        facts[f"test_unseen_in_{name}"] = {"interactions": len(unseen), "items": distinct(unseen)}
    return facts
