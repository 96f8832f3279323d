"""Concentration: how evenly the recommendations are spread over the catalogue."""

# Kernels are imported where a value is asked for: reading an experiment does not wait for numba.

from __future__ import annotations

import abc
import math
from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Int64Array
from harness.errors import HarnessError
from harness.execution import Parallel
from harness.metrics.base import ListMetric, ListState
from harness.metrics.metric_inputs import Lists


class _Concentration(ListMetric):
    """A value of how often each item of the catalogue is recommended."""

    family = "concentration"
    needs = ("n_items",)
    choices: ClassVar = {"items": "whole catalogue", "repeats": "count once a list"}
    k: int

    @abc.abstractmethod
    def of_counts(self, counts: Int64Array) -> float:
        """Return the value; int64 ``(items,)``: lists that hold each item, of which there is one at least."""

    def state(self, lists: Lists) -> ListState:
        """Return how many lists hold each item.

        Returns
        -------
        ListState
            ``counts``: int64 ``(n_items,)``.

        Raises
        ------
        HarnessError
            The size of the catalogue is not known.
        """
        from harness.metrics.kernels.list_sets import count_items

        if lists.n_items is None:
            raise HarnessError(f"{self.name} needs the size of the catalogue. Pass n_items=… to harness.evaluate.")
        counts = np.zeros(lists.n_items, dtype=np.int64)
        count_items(lists.items, lists.rows, min(self.k, lists.items.shape[1]), counts)
        return {"counts": counts}

    def folded(self, states: Sequence[ListState]) -> Sequence[ListState]:
        """Return one state: the counts of all lists."""
        return [{"counts": np.sum([state["counts"] for state in states], axis=0)}]

    def merged(self, states: Sequence[ListState], *, parallel: Parallel | None = None) -> float:
        """Return the value over the lists of all states, 0 where nothing was recommended."""
        counts = self.folded(states)[0]["counts"].astype(np.int64)
        return self.of_counts(counts) if counts.any() else 0.0


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Gini(_Concentration):
    r"""Gini coefficient of how often each item of the catalogue is recommended.

    .. math:: \mathrm{gini@}k = \frac{\sum_{j=1}^{n} (2j - n - 1)\, c_{(j)}}{n \sum_j c_j}

    with :math:`c_{(1)} \le \dots \le c_{(n)}` the numbers of lists that hold each of the n items, those that no list
    holds included. 0 where all items are recommended equally often, (n - 1)/n where it is always the same one.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.

    Examples
    --------
    One of four items is recommended three times, another once:

    >>> Gini(k=2).value(Lists.of([[0, 1], [0, -1], [0, -1]], n_items=4))
    0.625
    """

    k: int = 10

    name = "gini"
    higher_is_better = False
    formula = r"\frac{\sum_{j=1}^{n} (2j - n - 1)\, c_{(j)}}{n \sum_j c_j}"
    reference = "Fleder and Hosanagar, Blockbuster culture's next rise or fall, Management Science 55 (2009)"

    def of_counts(self, counts: Int64Array) -> float:
        """Return the value of counts."""
        ordered = np.sort(counts)
        n = len(ordered)
        return float(np.dot(2 * np.arange(1, n + 1) - n - 1, ordered)) / (n * float(ordered.sum()))


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class ShannonEntropy(_Concentration):
    r"""Entropy of which item a recommendation is, drawn from all lists.

    .. math:: \mathrm{shannon\_entropy@}k = -\sum_i p_i \log p_i, \quad p_i = c_i \Big/ \sum_j c_j

    with :math:`c_i` the number of lists that hold the item. 0 where it is always the same item, and the logarithm of
    the size of the catalogue where all are recommended equally often.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.
    base
        Of the logarithm: ``e`` (nats) or ``2`` (bits).

    Examples
    --------
    >>> ShannonEntropy(k=1, base="2").value(Lists.of([[0], [1], [2], [3]], n_items=9))
    2.0
    """

    k: int = 10
    base: Annotated[Literal["e", "2"], BeforeValidator(lambda base: "2" if base == 2 else base)] = "e"

    name = "shannon_entropy"
    upper = math.inf
    formula = r"-\sum_i p_i \log p_i"
    reference = "Shannon, A mathematical theory of communication, Bell System Technical Journal 27 (1948)"

    def of_counts(self, counts: Int64Array) -> float:
        """Return the value of counts."""
        shares = counts[counts > 0] / counts.sum()
        logarithms = np.log2(shares) if self.base == "2" else np.log(shares)
        return max(0.0, -math.fsum(shares * logarithms))
