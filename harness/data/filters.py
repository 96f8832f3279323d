"""Filters of interactions, applied before the split."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import Interactions
from harness.data.describe import sizes
from harness.errors import DataError


class Filter(Protocol):
    """What can be applied to interactions; a frozen dataclass whose fields are its options."""

    kind: ClassVar[str]

    def apply(self, interactions: Interactions) -> Interactions:
        """Return the interactions that stay, with vocabularies of what occurs in them."""
        ...


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class MinRating:
    """Keep the interactions with a rating of at least ``value``.

    Parameters
    ----------
    value
        In the data set's own unit, finite. Compared in float32, in which ratings are kept.

    Raises
    ------
    ValueError
        The value is not finite.

    Examples
    --------
    >>> MinRating(value=4)
    MinRating(value=4.0)
    """

    kind: ClassVar[str] = "min_rating"
    value: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"value is {self.value}; use a finite rating, such as 4")

    def apply(self, interactions: Interactions) -> Interactions:
        """Return the interactions that stay, with vocabularies of what occurs in them.

        Raises
        ------
        DataError
            The interactions have no ratings.
        """
        if interactions.values is None:
            raise DataError(
                "filter min_rating needs ratings, and the interactions have none. "
                "Name their column in dataset.columns.rating, or remove the filter."
            )
        return interactions.rows(interactions.values >= np.float64(self.value).astype(np.float32)).compact()


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class KCore:
    """Keep the largest part in which every user and every item has enough interactions.

    Users and items below their minimum are removed in turns until none is. The outcome does not
    depend on the order (Seidman 1983). Interactions are counted, so that a repeated one counts
    each time.

    Parameters
    ----------
    users
        Interactions that each user must have; 1 or more, 1 keeps all.
    items
        Interactions that each item must have; 1 or more, 1 keeps all.

    Raises
    ------
    ValueError
        A minimum is below 1.

    References
    ----------
    S. B. Seidman, "Network structure and minimum degree", Social Networks 5(3), 1983.

    Examples
    --------
    >>> from harness.artifacts import Vocabulary
    >>> rows = Interactions(
    ...     users=np.array([0, 0, 1]),
    ...     items=np.array([0, 1, 1]),
    ...     user_ids=Vocabulary.of(["ann", "bob"]),
    ...     item_ids=Vocabulary.of([7, 9]),
    ... )
    >>> KCore(users=2, items=1).apply(rows).user_ids.ids
    array(['ann'], dtype=object)
    """

    kind: ClassVar[str] = "k_core"
    users: int
    items: int

    def __post_init__(self) -> None:
        for name, minimum in (("users", self.users), ("items", self.items)):
            if minimum < 1:
                raise ValueError(f"{name} is {minimum}; use 1 or more (1 keeps every one)")

    def apply(self, interactions: Interactions) -> Interactions:
        """Return the interactions that stay, with vocabularies of what occurs in them."""
        rows = np.arange(len(interactions))
        while True:
            users, items = interactions.users[rows], interactions.items[rows]
            enough = np.bincount(users)[users] >= self.users if len(rows) else np.ones(0, dtype=np.bool_)
            enough &= np.bincount(items)[items] >= self.items if len(rows) else True
            if enough.all():
                return interactions.rows(rows).compact()
            rows = rows[enough]


@dataclasses.dataclass(frozen=True, eq=False)
class FilterResult:
    """What filters left.

    Parameters
    ----------
    interactions
        The interactions that stay.
    steps
        For each filter a map of ``kind``, ``options``, ``interactions_before``,
        ``interactions_after``, and so for ``users`` and ``items``.
    """

    interactions: Interactions
    steps: tuple[Mapping[str, Any], ...]


def apply_filters(interactions: Interactions, filters: Sequence[Any]) -> FilterResult:
    """Apply filters in their order.

    Parameters
    ----------
    interactions
        Not changed.
    filters
        ``Filter`` components.

    Raises
    ------
    DataError
        A filter leaves nothing, or needs what the interactions lack.
    """
    steps: list[Mapping[str, Any]] = []
    for chosen in filters:
        before = sizes(interactions)
        interactions = chosen.apply(interactions)
        options = dataclasses.asdict(chosen)
        if len(interactions) == 0:
            told = ", ".join(f"{name}: {value}" for name, value in options.items())
            raise DataError(
                f"filter {chosen.kind} ({told}) left nothing of {before['interactions']:,} interactions of "
                f"{before['users']:,} users and {before['items']:,} items. Loosen it, or remove it."
            )
        steps.append({"kind": chosen.kind, "options": options} | _change(before, sizes(interactions)))
    return FilterResult(interactions, tuple(steps))


def _change(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    return {
        f"{name}_{when}": counts[name] for name in before for when, counts in (("before", before), ("after", after))
    }
