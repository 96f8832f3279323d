"""Rows and shares of each user's interactions."""

from __future__ import annotations

import numpy as np

from harness.artifacts import Interactions, pair_keys
from harness.artifacts.array_types import Int8Array, Int64Array
from harness.data.canonical_order import order_within
from harness.data.splits.labelled_split import TEST, TRAIN, VALIDATION


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


def last_share_labels(lengths: Int64Array, places: Int64Array, *, test: float, validation: float) -> Int8Array:
    """Return the part of each row if each user's last places are held out; at least one row stays in train.

    Parameters
    ----------
    lengths
        Number of rows of each user, int64 ``(users,)``.
    places
        The place of each row within its user's rows, sorted by user; ``(n,)``.
    test, validation
        Shares of each user's rows.
    """
    most = np.maximum(lengths - 1, 0)
    tested = np.minimum(rounded_share(lengths, test), most)
    held_out = np.minimum(rounded_share(lengths, test + validation), most)
    from_the_end = np.repeat(lengths, lengths) - 1 - places
    labels = np.full(len(places), TRAIN, dtype=np.int8)
    labels[from_the_end < np.repeat(held_out, lengths)] = VALIDATION
    labels[from_the_end < np.repeat(tested, lengths)] = TEST
    return labels


def hashed_order(ordered: Interactions, *, seed: int) -> Int64Array:
    """Return the row numbers sorted by user, then by a hash of (seed, user, item); int64 ``(n,)``.

    Rows that repeat a pair keep their canonical order.
    """
    keys = pair_keys(seed, ordered.user_ids.keys[ordered.users], ordered.item_ids.keys[ordered.items])
    return order_within(ordered.users, keys, [])
