"""Inter-user diversity: how different the lists of different users are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from harness.execution import Parallel
from harness.metrics.metric import Estimate, ListMetric, ListState
from harness.metrics.metric_inputs import Lists

FALLBACK = 10_000_000  # number of pairs that are drawn if all are too many


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Diversity(ListMetric):
    r"""Mean Jaccard distance over all pairs of users' lists.

    .. math:: \mathrm{diversity@}k = \frac{1}{|P|} \sum_{(u, v) \in P}
              1 - \frac{|L_u^k \cap L_v^k|}{|L_u^k \cup L_v^k|}

    The value is exact, without a loop over all pairs. Pairs of two empty lists do not count; without any pair, as with
    fewer than two users, the value is 0. Lists are compared as sets, so that a repeated item counts once.

    If the exact value would take more than about a minute, as for millions of users, it is estimated from ten million
    pairs. The result then has an interval, and its ``variant`` says so.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.
    sample
        Number of pairs to draw, with replacement and with a fixed seed; 0 for all pairs.

    Examples
    --------
    >>> from harness.metrics import Lists
    >>> Diversity(k=2).value(Lists.of([[0, 1], [1, 2]])) == 1 - 1 / 3
    True
    >>> Diversity(k=2, sample=1000).label
    'diversity[sample=1000]@2'
    """

    k: int = 10
    sample: int = 0

    name = "diversity"
    family = "diversity"
    formula = r"\frac{1}{|P|} \sum_{(u, v) \in P} 1 - \frac{|L_u^k \cap L_v^k|}{|L_u^k \cup L_v^k|}"
    reference = "Zhou et al., Solving the apparent diversity-accuracy dilemma, PNAS 107 (2010), by Jaccard distance"
    choices: ClassVar = {"distance": "jaccard", "pairs": "all users", "empty_pairs": "left out"}

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        if self.sample < 0 or self.sample == 1:
            raise ValueError(f"sample is {self.sample}; use 2 or more pairs, such as 1000000, or 0 for all pairs")

    def state(self, lists: Lists) -> ListState:
        """Return the distinct lists as sets, and the number of users of each; with ``sample``, the list of each user.

        Returns
        -------
        ListState
            int32 arrays: ``items`` of all sets, one after the other, ``sizes`` and ``users`` of each set.
        """
        from harness.metrics.distinct_lists import DistinctLists

        return (DistinctLists.each if self.sample else DistinctLists.of)(lists, k=self.k).state()

    def merged(self, states: Sequence[ListState], *, parallel: Parallel | None = None) -> float | Estimate:
        """Return the value over the lists of all states."""
        from harness.metrics.distinct_lists import DistinctLists
        from harness.metrics.overlap import mean_jaccard_distance
        from harness.metrics.pair_samples import sampled_distance

        if self.sample:
            return sampled_distance(DistinctLists.joined(states), pairs=self.sample)
        lists = DistinctLists.of_states(states)
        exact = mean_jaccard_distance(lists, parallel=Parallel() if parallel is None else parallel)
        return sampled_distance(lists.in_order(), pairs=FALLBACK) if exact is None else exact
