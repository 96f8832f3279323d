"""Keep users and items with a given number of interactions."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import Interactions
from harness.artifacts.array_types import BoolArray, Int32Array


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Counts:
    """Keep users and items with so many interactions, counted once.

    All counts are of the interactions as they come to the filter. So what stays may have less than
    a minimum, since the other removals are not counted again; ``k_core`` repeats them until every
    minimum holds.

    Parameters
    ----------
    min_per_user, max_per_user
        Interactions that a user may have, both ends included, 1 or more; None for no limit.
    min_per_item, max_per_item
        The same of an item.

    Raises
    ------
    ValueError
        There is no limit at all, a limit is below 1, or a maximum is below its minimum.

    Examples
    --------
    >>> from harness.artifacts import Vocabulary
    >>> rows = Interactions(
    ...     users=np.array([0, 0, 1]),
    ...     items=np.array([0, 1, 1]),
    ...     user_ids=Vocabulary.of(["ann", "bob"]),
    ...     item_ids=Vocabulary.of([7, 9]),
    ... )
    >>> Counts(max_per_user=1).apply(rows).user_ids.ids
    array(['bob'], dtype=object)
    """

    kind: ClassVar[str] = "counts"
    min_per_user: int | None = None
    max_per_user: int | None = None
    min_per_item: int | None = None
    max_per_item: int | None = None

    def __post_init__(self) -> None:
        limits = {
            "min_per_user": self.min_per_user,
            "max_per_user": self.max_per_user,
            "min_per_item": self.min_per_item,
            "max_per_item": self.max_per_item,
        }
        if all(limit is None for limit in limits.values()):
            raise ValueError(f"counts has no limit; give one or more of {', '.join(limits)}")
        for name, limit in limits.items():
            if limit is not None and limit < 1:
                raise ValueError(f"{name} is {limit}; use 1 or more")
        for whose in ("user", "item"):
            low, high = limits[f"min_per_{whose}"], limits[f"max_per_{whose}"]
            if low is not None and high is not None and high < low:
                raise ValueError(f"max_per_{whose} is {high}, below min_per_{whose}, which is {low}")

    def apply(self, interactions: Interactions) -> Interactions:
        """Return the interactions that stay, with vocabularies of what occurs in them."""
        kept = _within(interactions.users, self.min_per_user, self.max_per_user)
        kept &= _within(interactions.items, self.min_per_item, self.max_per_item)
        return interactions.rows(kept).compact()


def _within(indices: Int32Array, low: int | None, high: int | None) -> BoolArray:
    """Return whether each row's user or item has a number of rows between two limits."""
    counts = np.bincount(indices)
    enough = np.ones(len(counts), dtype=np.bool_)
    if low is not None:
        enough &= counts >= low
    if high is not None:
        enough &= counts <= high
    return enough[indices]
