"""Catalogue coverage: the share of the catalogue that is recommended to anyone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.execution import Parallel
from harness.metrics.metric import ListMetric, ListState
from harness.metrics.metric_inputs import Lists


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Coverage(ListMetric):
    r"""Share of the catalogue that is in the first k ranks of at least one user.

    .. math:: \mathrm{coverage@}k = \frac{|\bigcup_u L_u^k|}{|I|}

    Only lists of users with relevant items count. The catalogue is all items that can be recommended; its size must be
    known.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.

    References
    ----------
    Ge, Delgado-Battenfeld and Jannach, "Beyond accuracy: evaluating recommender systems by coverage
    and serendipity", RecSys 2010.

    Examples
    --------
    >>> from harness.metrics import Lists
    >>> Coverage(k=2).value(Lists.of([[0, 1], [1, -1]], n_items=8))
    0.25
    """

    k: int = 10

    name = "coverage"
    family = "coverage"
    needs = ("n_items",)
    formula = r"\frac{1}{|I|} \left| \bigcup_u L_u^k \right|"
    reference = "Ge, Delgado-Battenfeld and Jannach, Beyond accuracy, RecSys 2010, section 3.1"
    choices: ClassVar = {"unit": "share of the catalogue"}

    def state(self, lists: Lists) -> ListState:
        """Return which items are in a list.

        Returns
        -------
        ListState
            ``seen``: uint8, one bit per item; ``n_items``: int64 ``(1,)``, the size of the catalogue.

        Raises
        ------
        HarnessError
            The size of the catalogue is not known.
        """
        from harness.metrics.kernels.list_sets import mark_items

        n_items = lists.catalogue_size(self.name)
        seen = np.zeros(n_items, dtype=np.bool_)
        mark_items(lists.items, lists.rows, min(self.k, lists.items.shape[1]), seen)
        return {"seen": np.packbits(seen), "n_items": np.array([n_items])}

    def folded(self, states: Sequence[ListState]) -> Sequence[ListState]:
        """Return one state: the items that are in any list."""
        seen = np.bitwise_or.reduce([state["seen"] for state in states])
        return [{"seen": seen, "n_items": states[0]["n_items"]}]

    def merged(self, states: Sequence[ListState], *, parallel: Parallel | None = None) -> float:
        """Return the value over the lists of all states."""
        (everyone,) = self.folded(states)
        return int(np.bitwise_count(everyone["seen"]).sum(dtype=np.int64)) / int(everyone["n_items"][0])
