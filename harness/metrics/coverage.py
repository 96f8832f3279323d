"""Coverage: how much of the catalogue is recommended to anyone."""

# Kernels are imported where a value is asked for: reading an experiment does not wait for numba.

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.errors import HarnessError
from harness.metrics.base import ListMetric
from harness.metrics.lists import Lists


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Coverage(ListMetric):
    r"""Share of the catalogue that stands in the first k ranks of at least one user.

    .. math:: \mathrm{coverage@}k = \frac{|\bigcup_u L_u^k|}{|I|}

    The lists are those of the users that count. The catalogue is all items that could be
    recommended; without its size the value does not exist.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.

    References
    ----------
    Ge, Delgado-Battenfeld and Jannach, "Beyond accuracy: evaluating recommender systems by coverage
    and serendipity", RecSys 2010.

    Examples
    --------
    >>> from harness.metrics.lists import Lists
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

    def value(self, lists: Lists) -> float:
        """Return the value over all users' lists.

        Raises
        ------
        HarnessError
            The size of the catalogue is not known.
        """
        from harness.metrics.list_kernels import mark_items

        if lists.n_items is None:
            raise HarnessError("coverage needs the size of the catalogue. Pass n_items=… to harness.evaluate.")
        seen = np.zeros(lists.n_items, dtype=np.bool_)
        mark_items(lists.items, lists.rows, min(self.k, lists.items.shape[1]), seen)
        return int(seen.sum()) / lists.n_items
