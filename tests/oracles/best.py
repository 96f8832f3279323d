"""The best items of each user by sorting all of them, in plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from harness.artifacts import pair_keys, stream


class Best(NamedTuple):
    """Of one user: items and scores of the list, rank facts of each target, and how many candidates."""

    items: list[int]
    scores: list[float]
    above: list[int]
    tied: list[int]
    candidates: int


def best(
    scores: np.ndarray,
    *,
    k: int,
    seed: int,
    user_key: np.uint64,
    item_keys: np.ndarray,
    seen: Sequence[int] = (),
    listed: Sequence[int] | None = None,
    allowed: np.ndarray | None = None,
    targets: Sequence[int] = (),
) -> Best:
    """Return what the engine has to find for one user, from all of their scores."""
    keys = pair_keys(stream(seed, "ties"), np.array([user_key]), item_keys)
    candidates = [
        item
        for item in range(len(scores))
        if item not in set(seen) and (listed is None or item in set(listed)) and (allowed is None or allowed[item])
    ]
    order = sorted(candidates, key=lambda item: (-float(scores[item]), int(keys[item]), item))[:k]
    missing = k - len(order)
    inside = set(candidates)

    def count(target: int, compare: Any) -> int:
        if target not in inside:
            return -1
        return sum(compare(float(scores[item]), float(scores[target])) for item in candidates if item != target)

    return Best(
        items=order + [-1] * missing,
        scores=[float(scores[item]) + 0.0 for item in order] + [-math.inf] * missing,
        above=[count(target, float.__gt__) for target in targets],
        tied=[count(target, float.__eq__) for target in targets],
        candidates=len(candidates),
    )
