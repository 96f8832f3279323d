"""Rows and shares of each user's interactions."""

from __future__ import annotations

import numpy as np

from harness.artifacts import Interactions, Split, pair_keys
from harness.artifacts.array_types import Int64Array
from harness.data.canonical_order import order_within
from harness.data.splits.labelled_split import TEST, TRAIN, VALIDATION, labelled_split
from harness.data.splits.split_options import Ties


def rows_per_user(interactions: Interactions) -> Int64Array:
    """Return the number of rows of each user; int64 ``(users,)``."""
    return np.bincount(interactions.users, minlength=len(interactions.user_ids))


def places_within_users(lengths: Int64Array) -> Int64Array:
    """Return the place of each row within its user's rows, from 0; rows are sorted by user; ``(n,)``.

    Examples
    --------
    >>> places_within_users(np.array([2, 3]))
    array([0, 1, 0, 1, 2])
    """
    begins = np.cumsum(lengths) - lengths
    return np.arange(int(lengths.sum())) - np.repeat(begins, lengths)


def rounded_share(lengths: Int64Array, share: float) -> Int64Array:
    """Return a share of each number, rounded to the nearest integer, halves up.

    Examples
    --------
    >>> rounded_share(np.array([1, 2, 5, 15]), 0.1)
    array([0, 0, 1, 2])
    """
    # The small addend keeps halves exact: 0.7 + 0.1 is slightly less than 0.8 in floating point.
    rounded: Int64Array = np.floor(lengths * share + (0.5 + 1e-9)).astype(np.int64)
    return rounded


def last_share_split(
    ordered: Interactions,
    order: Int64Array | slice,
    *,
    kind: str,
    test: float,
    validation: float,
    ties: Ties | None,
) -> Split:
    """Hold out the last share of each user's rows; at least one row per user stays in train.

    Parameters
    ----------
    ordered
        The interactions in canonical order.
    order
        The order that decides which rows of a user are the last, sorted by user; ``(n,)``, or a slice of all rows.
    kind, ties
        As for ``labelled_split``.
    test, validation
        Shares of each user's rows.

    Raises
    ------
    DataError
        A requested part would be empty, or a tie decides a part and ``ties`` is ``error``.
    """
    lengths = rows_per_user(ordered)
    most = np.maximum(lengths - 1, 0)
    from_the_end = np.repeat(lengths, lengths) - 1 - places_within_users(lengths)
    sorted_labels = np.full(len(ordered), TRAIN, dtype=np.int8)
    for label, share in ((VALIDATION, test + validation), (TEST, test)):
        sorted_labels[from_the_end < np.repeat(np.minimum(rounded_share(lengths, share), most), lengths)] = label
    labels = np.empty_like(sorted_labels)
    labels[order] = sorted_labels
    tested = int(np.count_nonzero(np.bincount(ordered.users[labels == TEST])))
    return labelled_split(
        ordered,
        labels,
        kind=kind,
        needed=("validation", "test") if validation else ("test",),
        remedy="Choose larger shares, or loosen the filters.",
        ties=ties,
        facts={"users_without_test": int((lengths > 0).sum()) - tested},
    )


def hashed_order(ordered: Interactions, *, seed: int) -> Int64Array:
    """Return the row numbers sorted by user, then by a hash of (seed, user, item); int64 ``(n,)``.

    Rows that repeat a pair keep their canonical order.
    """
    keys = pair_keys(seed, ordered.user_ids.keys[ordered.users], ordered.item_ids.keys[ordered.items])
    return order_within(ordered.users, keys, [])
