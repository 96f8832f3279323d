"""Match ranked lists of ids with their targets."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np

from harness.artifacts import NO_ITEM
from harness.artifacts.array_types import Int32Array
from harness.metrics import Hits, Lists
from harness.metrics.hits import find_hits
from harness.metrics.metric_inputs import RelevantItems
from harness.modules.id_rows import IdRows, checked, hashing, lengths_of, pack, plain_values, unpack

_LARGEST_KEPT = 1 << 26  # bytes


def hits_in(predictions: Iterable[Any], targets: Iterable[Any], *, k: int) -> Hits:
    """Return the hits in the first k ids of each user, including users without targets.

    Raises
    ------
    ValueError
        The numbers of rows differ, an argument or a row is not a list, a prediction has no order, an
        id is not hashable, or one argument has text where the other has none.

    Examples
    --------
    >>> hits_in([["b", "a", "c"]], [["a", "c"]], k=2).at(2)
    array([[False,  True]])
    """
    plain, plain_targets = plain_values(predictions), plain_values(targets)
    packed, packed_targets = pack(plain, k), pack(plain_targets)
    if packed is not None and packed_targets is not None:
        small = len(packed) + len(packed_targets) <= _LARGEST_KEPT
        hits_of = _hits_of_integers if small else _hits_of_integers.__wrapped__
        hits = hits_of(packed, packed_targets, k)
        if hits is not None:
            return hits
    return _hits_by_hash(checked("predictions", plain, ordered=True), checked("targets", plain_targets), k)


# Users compute several metrics of the same lists, one after the other. The key is the content.
@functools.lru_cache(maxsize=1)
def _hits_of_integers(packed: bytes, packed_targets: bytes, k: int) -> Hits | None:
    ranked, relevant = unpack(packed, k), unpack(packed_targets)
    if ranked is None or relevant is None:
        return None
    _check_users(len(ranked.lengths), len(relevant.lengths))
    return _hits(ranked.padded(), relevant)


def _hits_by_hash(predictions: list[Collection[Any]], targets: list[Collection[Any]], k: int) -> Hits:
    """Match user by user, by Python's equality. The code of an id is its place among the user's targets."""
    _check_users(len(predictions), len(targets))
    distinct = np.empty(len(targets), dtype=np.int64)
    users: list[int] = []
    codes: list[int] = []
    with hashing():
        for user, (ranked, wanted) in enumerate(zip(predictions, targets, strict=True)):
            names = set(wanted)
            distinct[user] = len(names)
            if not names.isdisjoint(itertools.islice(ranked, k)):
                users.append(user)
                places = {name: place for place, name in enumerate(names)}
                codes.extend(map(places.get, itertools.islice(ranked, k), itertools.repeat(NO_ITEM)))
    lengths = np.minimum(lengths_of(predictions), k)
    lists = np.full((len(predictions), max(int(lengths.max(initial=0)), 1)), NO_ITEM, dtype=np.int32)
    if users:
        hit = IdRows(np.array(codes, dtype=np.int32), lengths[users]).padded()
        lists[users, : hit.shape[1]] = hit
    else:
        _check_kinds(predictions, targets)
    starts = np.repeat(np.cumsum(distinct) - distinct, distinct)
    return _hits(lists, IdRows((np.arange(len(starts)) - starts).astype(np.int32), distinct))


def _hits(lists: Int32Array, relevant: IdRows) -> Hits:
    users = np.arange(len(lists))
    indptr = np.concatenate([[0], np.cumsum(relevant.lengths)])
    return find_hits(Lists(lists, users), RelevantItems(indptr, relevant.codes, users), width=lists.shape[1]).hits


def _check_users(ranked: int, relevant: int) -> None:
    if ranked != relevant:
        raise ValueError(f"predictions has {ranked} rows, targets {relevant}; one row per user is needed")


def _check_kinds(predictions: list[Collection[Any]], targets: list[Collection[Any]]) -> None:
    """Refuse ids that cannot match: text on one side and none on the other."""
    kinds = [set(map(type, itertools.chain.from_iterable(rows))) for rows in (predictions, targets)]
    text = [{issubclass(kind, str) for kind in side} for side in kinds]
    if {True} in text and {False} in text:
        names = [", ".join(sorted(kind.__name__ for kind in side)) for side in kinds]
        raise ValueError(f"predictions holds ids of type {names[0]}, targets of type {names[1]}; none would match")
