"""Interactions that repeat a user and an item: kept, or merged into one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from harness.artifacts import Interactions
from harness.artifacts.arrays import Float32Array, Int64Array
from harness.data.sequences import pair_codes
from harness.errors import DataError

DuplicateRule: TypeAlias = Literal["first", "last", "sum", "keep"]


@dataclass(frozen=True, eq=False)
class Merged:
    """Interactions after duplicates were merged.

    Parameters
    ----------
    interactions
        In the order of the file.
    rows
        How many rows were merged into others.
    """

    interactions: Interactions
    rows: int


def merge_duplicates(interactions: Interactions, rule: DuplicateRule) -> Merged:
    """Return interactions with one row a pair of user and item.

    Parameters
    ----------
    interactions
        As read.
    rule
        ``first`` and ``last`` keep the row of the earliest and of the latest timestamp, among equal
        ones (and where there are no timestamps) the first and the last in the file. ``sum`` keeps the
        last row with the sum of the ratings; without ratings each row counts 1. ``keep`` merges nothing.

    Raises
    ------
    DataError
        A sum of ratings exceeds what float32 holds.

    Examples
    --------
    >>> from harness.artifacts import Vocabulary
    >>> plays = Interactions(
    ...     users=np.array([0, 0, 0]),
    ...     items=np.array([0, 1, 0]),
    ...     timestamps=np.array([9, 5, 3]),
    ...     user_ids=Vocabulary.of(["ann"]),
    ...     item_ids=Vocabulary.of([7, 9]),
    ... )
    >>> merged = merge_duplicates(plays, "last")
    >>> merged.interactions.timestamps, merged.rows
    (array([9, 5]), 1)
    """
    if rule == "keep" or len(interactions) == 0:
        return Merged(interactions, 0)
    codes = pair_codes(interactions)
    times = interactions.timestamps
    order = np.argsort(codes, kind="stable") if times is None else np.lexsort((times, codes))
    ordered = codes[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    ends = np.append(starts[1:], len(order))
    places = order[starts] if rule == "first" else order[ends - 1]
    kept = np.sort(places)
    merged = interactions.rows(kept)
    if rule == "sum":
        sums = _sums(interactions, order, starts)
        merged = replace(merged, values=sums[np.argsort(places)])
    return Merged(merged, len(interactions) - len(kept))


def _sums(interactions: Interactions, order: Int64Array, starts: Int64Array) -> Float32Array:
    """Return the sum of each run of rows; float32 ``(runs,)``."""
    if interactions.values is None:
        return np.diff(np.append(starts, len(order))).astype(np.float32)
    # Ascending within a run: the bits of a sum of fractions do not depend on the order of the file.
    runs = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(order))))
    values = interactions.values[order]
    values = values[np.lexsort((values, runs))].astype(np.float64)
    sums = np.add.reduceat(values, starts)
    if (np.abs(sums) > np.finfo(np.float32).max).any():
        raise DataError(
            "dataset.duplicates is sum, and the ratings of a user and item add up to more than 32-bit floats hold. "
            "Use first, last or keep, or scale the ratings."
        )
    return sums.astype(np.float32)
