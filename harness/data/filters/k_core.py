"""Keep the k-core: users and items with enough interactions with each other."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import Interactions


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class KCore:
    """Keep the largest part in which every user and every item has enough interactions.

    Users and items below their minimum are removed repeatedly until none is left. The result does not
    depend on the order (Seidman 1983). A repeated interaction counts each time.

    Parameters
    ----------
    users
        Minimum number of interactions per user; 1 keeps all.
    items
        Minimum number of interactions per item; 1 keeps all.

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
                raise ValueError(f"{name} is {minimum}; use 1 or more (1 keeps all)")

    def apply(self, interactions: Interactions) -> Interactions:
        """Return the remaining interactions, with vocabularies of the ids that occur in them."""
        users, items = interactions.users, interactions.items
        while True:
            enough_of_users = np.bincount(users, minlength=len(interactions.user_ids)) >= self.users
            enough_of_items = np.bincount(items, minlength=len(interactions.item_ids)) >= self.items
            enough = enough_of_users[users] & enough_of_items[items]
            if enough.all():
                break
            users, items = users[enough], items[enough]
        # Users and items that were removed in an early round have no rows in the last, and stay removed.
        kept = enough_of_users[interactions.users] & enough_of_items[interactions.items]
        return interactions.rows(kept).compact()
