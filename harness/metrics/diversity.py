"""Diversity: how different the lists of different users are."""

# Kernels are imported where a value is asked for: reading an experiment does not wait for numba.

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from harness.execution import Parallel
from harness.metrics.base import ListMetric, ListState
from harness.metrics.lists import Lists


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Diversity(ListMetric):
    r"""Mean Jaccard distance over all pairs of users' lists (inter-user diversity).

    .. math:: \mathrm{diversity@}k = \frac{1}{|P|} \sum_{(u, v) \in P}
              1 - \frac{|L_u^k \cap L_v^k|}{|L_u^k \cup L_v^k|}

    It is exact: every pair enters. Pairs of two empty lists are left out; where no pair remains,
    as with fewer than two users, the value is 0. Lists are sets here, so that a repeated item
    counts once.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.

    Examples
    --------
    >>> from harness.metrics.lists import Lists
    >>> Diversity(k=2).value(Lists.of([[0, 1], [1, 2]])) == 1 - 1 / 3
    True
    """

    k: int = 10

    name = "diversity"
    family = "diversity"
    formula = r"\frac{1}{|P|} \sum_{(u, v) \in P} 1 - \frac{|L_u^k \cap L_v^k|}{|L_u^k \cup L_v^k|}"
    reference = "Zhou et al., Solving the apparent diversity-accuracy dilemma, PNAS 107 (2010), by Jaccard distance"
    choices: ClassVar = {"distance": "jaccard", "pairs": "all users", "empty_pairs": "left out"}

    def state(self, lists: Lists) -> ListState:
        """Return the distinct lists as sets, and how many users have each.

        Returns
        -------
        ListState
            int32 arrays: ``items`` of one set after the other, ``sizes`` and ``users`` of each set.
        """
        from harness.metrics.distinct_lists import DistinctLists

        return DistinctLists.of(lists, k=self.k).state()

    def merged(self, states: Sequence[ListState], *, parallel: Parallel | None = None) -> float:
        """Return the value over the lists of all states."""
        from harness.metrics.distinct_lists import DistinctLists
        from harness.metrics.overlap import mean_jaccard_distance

        return mean_jaccard_distance(
            DistinctLists.of_states(states), parallel=Parallel() if parallel is None else parallel
        )
