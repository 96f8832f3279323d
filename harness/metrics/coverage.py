"""Coverage: how much of the catalogue is recommended to anyone, and to how many users anything."""

# Kernels are imported where a value is asked for: reading an experiment does not wait for numba.

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.errors import HarnessError
from harness.execution import Parallel
from harness.metrics.base import ListMetric, ListState, UserMetric
from harness.metrics.metric_inputs import Hits, Lists


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
    >>> from harness.metrics.metric_inputs import Lists
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
        """Return which items stand in a list.

        Returns
        -------
        ListState
            ``seen``: uint8, a bit an item; ``n_items``: int64 ``(1,)``, size of the catalogue.

        Raises
        ------
        HarnessError
            The size of the catalogue is not known.
        """
        from harness.metrics.kernels.list_sets import mark_items

        if lists.n_items is None:
            raise HarnessError("coverage needs the size of the catalogue. Pass n_items=… to harness.evaluate.")
        seen = np.zeros(lists.n_items, dtype=np.bool_)
        mark_items(lists.items, lists.rows, min(self.k, lists.items.shape[1]), seen)
        return {"seen": np.packbits(seen), "n_items": np.array([lists.n_items])}

    def folded(self, states: Sequence[ListState]) -> Sequence[ListState]:
        """Return one state: what stands in any list."""
        seen = np.bitwise_or.reduce([state["seen"] for state in states])
        return [{"seen": seen, "n_items": states[0]["n_items"]}]

    def merged(self, states: Sequence[ListState], *, parallel: Parallel | None = None) -> float:
        """Return the value over the lists of all states."""
        (everyone,) = self.folded(states)
        return int(np.bitwise_count(everyone["seen"]).sum(dtype=np.int64)) / int(everyone["n_items"][0])


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class UserCoverage(UserMetric):
    r"""Share of the users whose list is at least so long.

    .. math:: \mathrm{user\_coverage} = \frac{|\{u : |L_u| \ge n\}|}{|U|}

    The users are those that count: who has relevant items and gets no list lowers it. A list is as long as
    the rank of its last item.

    Parameters
    ----------
    least
        Items a list needs, 1 or more.

    Examples
    --------
    >>> out = np.empty(2)
    >>> UserCoverage(least=2).score(Hits.of([[False, True], [True, False]], relevant=[1, 1], lengths=[2, 1]), out)
    >>> out
    array([1., 0.])
    """

    least: int = 1

    name = "user_coverage"
    family = "coverage"
    binary = True
    formula = r"\frac{|\{u : |L_u| \ge n\}|}{|U|}"
    reference = "Ge, Delgado-Battenfeld and Jannach, Beyond accuracy, RecSys 2010, section 3.1"

    def __post_init__(self) -> None:
        """Check the option."""
        super().__post_init__()
        if self.least < 1:
            raise ValueError(f"least is {self.least}; a list needs 1 item or more")

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        out[:] = hits.lengths >= self.least
