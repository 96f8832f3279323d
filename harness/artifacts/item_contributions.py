"""Contributions of relevant items to the values of users, from which item-clustered standard errors are computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from harness.artifacts.array_types import Float64Array, IdArray, Int64Array


@dataclass(frozen=True, eq=False)
class ItemContributions:
    """What each relevant item contributes to the values of its users, for metrics that are sums over relevant items.

    Only pairs of a user and a relevant item that contribute to a metric are held; all others contribute 0.

    Parameters
    ----------
    users
        int64 ``(pairs,)``: position of the user in ``MetricTable.users``.
    items
        int64 ``(pairs,)``: position of the item in ``item_ids``.
    shares
        float64 ``(pairs,)``: one divided by the number of relevant items of the user.
    values
        Label to float64 ``(pairs,)``. The contributions of a user's items sum to the user's value.
    item_ids
        External ids ``(items,)`` of all relevant items, also of those that no list holds, in ascending order; indices
        where external ids are not known.
    item_users
        int64 ``(items,)``: number of users for whom the item is relevant.
    item_shares
        float64 ``(items,)``: sum of the shares of the item over these users.
    item_square_shares
        float64 ``(items,)``: sum of the squares of these shares.
    """

    users: Int64Array
    items: Int64Array
    shares: Float64Array
    values: Mapping[str, Float64Array]
    item_ids: IdArray
    item_users: Int64Array
    item_shares: Float64Array
    item_square_shares: Float64Array

    @property
    def n_items(self) -> int:
        """Number of distinct relevant items."""
        return len(self.item_ids)

    @property
    def n_pairs(self) -> int:
        """Number of pairs of a user and a relevant item, also of those that contribute nothing."""
        return int(self.item_users.sum())

    def renamed(self, ids: IdArray) -> ItemContributions:
        """Return the contributions with external ids ``(n_items,)`` in the place of item indices."""
        names = ids[self.item_ids]
        order = np.argsort(names, kind="stable")
        position = np.empty(len(order), dtype=np.int64)
        position[order] = np.arange(len(order))
        return replace(
            self,
            items=position[self.items],
            item_ids=names[order],
            item_users=self.item_users[order],
            item_shares=self.item_shares[order],
            item_square_shares=self.item_square_shares[order],
        )
