"""Merge interaction rows that have the same user and item."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np

from harness.artifacts import Interactions
from harness.artifacts.array_types import Float32Array, Int64Array
from harness.data.canonical_order import TiedRuns
from harness.data.repeated_pairs import pair_codes
from harness.errors import DataError

DuplicateRule: TypeAlias = Literal["first", "last", "sum", "keep"]


def merge_duplicates(interactions: Interactions, rule: DuplicateRule) -> Interactions:
    """Return interactions with one row per pair of user and item, in the order of the file.

    Parameters
    ----------
    interactions
        The rows in the order of the file.
    rule
        ``first`` and ``last`` keep the row with the earliest and the latest timestamp; among equal timestamps, or
        without timestamps, the first and the last row in the file. ``sum`` keeps the last row, with the sum of the
        ratings; without ratings each row counts 1. ``keep`` merges nothing.

    Raises
    ------
    DataError
        A sum of ratings exceeds the range of float32.

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
    >>> merge_duplicates(plays, "last").timestamps
    array([9, 5])
    """
    if rule == "keep" or len(interactions) == 0:
        return interactions
    codes = pair_codes(interactions)
    rows = _rows_of_repeated_pairs(codes)
    if len(rows) == 0:
        return _with_values(interactions) if rule == "sum" else interactions
    times = interactions.timestamps
    keys = (codes[rows],) if times is None else (times[rows], codes[rows])
    order = rows[np.lexsort(keys)]
    runs = TiedRuns.of(codes[order], None)
    places = order[runs.starts if rule == "first" else runs.ends - 1]
    if rule == "sum":
        interactions = _with_values(interactions)
        values = np.array(interactions.values)
        values[places] = _sums(values[order], runs)
        interactions = replace(interactions, values=values)
    kept = np.ones(len(interactions), dtype=np.bool_)
    kept[rows] = False
    kept[places] = True
    return interactions.rows(kept)


def _rows_of_repeated_pairs(codes: Int64Array) -> Int64Array:
    """Return the numbers of the rows whose pair occurs in another row too, which are few in most data."""
    ascending = np.sort(codes)
    repeated = np.unique(ascending[1:][ascending[1:] == ascending[:-1]])
    if len(repeated) == 0:
        return np.empty(0, dtype=np.int64)
    places = np.minimum(np.searchsorted(repeated, codes), len(repeated) - 1)
    return np.flatnonzero(repeated[places] == codes)


def _with_values(interactions: Interactions) -> Interactions:
    if interactions.values is not None:
        return interactions
    return replace(interactions, values=np.ones(len(interactions), dtype=np.float32))


def _sums(values: Float32Array, runs: TiedRuns) -> Float32Array:
    """Return the sum of each run of values; float32 ``(runs,)``."""
    # Ascending within a run, so that the bits of a sum of fractions do not depend on the order of the file.
    numbers = np.repeat(np.arange(len(runs.starts)), runs.sizes)
    sums = np.add.reduceat(values[np.lexsort((values, numbers))].astype(np.float64), runs.starts)
    if (np.abs(sums) > np.finfo(np.float32).max).any():
        raise DataError(
            "dataset.duplicates is sum, and the ratings of a user and item add up to more than a 32-bit float holds. "
            "Use first, last or keep, or scale the ratings."
        )
    return sums.astype(np.float32)
