"""Keep users and items with a given number of interactions."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import Interactions
from harness.artifacts.array_types import BoolArray, Int32Array


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Counts:
    """Keep users and items whose number of interactions is within limits, counted once.

    All counts are those before the filter. So the remaining users and items may have fewer interactions than a
    minimum, because counts are not repeated after the removal; ``k_core`` repeats them until every minimum holds.

    Parameters
    ----------
    min_per_user, max_per_user
        Limits of the number of interactions per user, inclusive, 1 or more; None for no limit.
    min_per_item, max_per_item
        Limits of the number of interactions per item.

    Raises
    ------
    ValueError
        No limit is set, a limit is below 1, or a maximum is below its minimum.

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
        limits = dataclasses.asdict(self)
        if all(limit is None for limit in limits.values()):
            raise ValueError(f"counts has no limit; set one or more of {', '.join(limits)}")
        for name, limit in limits.items():
            if limit is not None and limit < 1:
                raise ValueError(f"{name} is {limit}; use 1 or more")
        for whose in ("user", "item"):
            low, high = limits[f"min_per_{whose}"], limits[f"max_per_{whose}"]
            if low is not None and high is not None and high < low:
                raise ValueError(f"max_per_{whose} is {high}, below min_per_{whose}, which is {low}")

    def apply(self, interactions: Interactions) -> Interactions:
        """Return the remaining interactions, with vocabularies of the ids that occur in them."""
        kept = _within(interactions.users, self.min_per_user, self.max_per_user)
        kept &= _within(interactions.items, self.min_per_item, self.max_per_item)
        return interactions.rows(kept).compact()


def _within(indices: Int32Array, low: int | None, high: int | None) -> BoolArray:
    """Return whether the number of rows of each row's user or item is within two limits."""
    counts = np.bincount(indices)
    enough: BoolArray = (counts >= (low or 0)) & (counts <= (len(indices) if high is None else high))
    return enough[indices]
