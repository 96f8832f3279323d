"""Shannon entropy of how often each item is recommended."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np
from pydantic import BeforeValidator
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Int64Array
from harness.metrics.concentration_metric import ConcentrationMetric


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class ShannonEntropy(ConcentrationMetric):
    r"""Entropy of the item of a recommendation that is drawn at random from all lists.

    .. math:: \mathrm{shannon\_entropy@}k = -\sum_i p_i \log p_i, \quad p_i = c_i \Big/ \sum_j c_j

    with :math:`c_i` the number of lists that hold item i. The value is 0 if it is always the same item, and the
    logarithm of the size of the catalogue if all items are recommended equally often.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.
    base
        Base of the logarithm: ``e`` (nats) or ``2`` (bits).

    Examples
    --------
    >>> from harness.metrics import Lists
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
        """Return the value for the counts of all items."""
        shares = counts[counts > 0] / counts.sum()
        logarithms = np.log2(shares) if self.base == "2" else np.log(shares)
        return max(0.0, -math.fsum(shares * logarithms))
