"""Gini coefficient of how often each item is recommended."""

from __future__ import annotations

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Int64Array
from harness.metrics.concentration_metric import ConcentrationMetric


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Gini(ConcentrationMetric):
    r"""Gini coefficient of how often each item of the catalogue is recommended.

    .. math:: \mathrm{gini@}k = \frac{\sum_{j=1}^{n} (2j - n - 1)\, c_{(j)}}{n \sum_j c_j}

    with :math:`c_{(1)} \le \dots \le c_{(n)}` the numbers of lists that hold each of the n items of the catalogue. The
    value is 0 if all items are recommended equally often, and (n - 1)/n if it is always the same item.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.

    Examples
    --------
    One of four items is recommended three times, another once:

    >>> from harness.metrics import Lists
    >>> Gini(k=2).value(Lists.of([[0, 1], [0, -1], [0, -1]], n_items=4))
    0.625
    """

    k: int = 10

    name = "gini"
    higher_is_better = False
    formula = r"\frac{\sum_{j=1}^{n} (2j - n - 1)\, c_{(j)}}{n \sum_j c_j}"
    reference = "Fleder and Hosanagar, Blockbuster culture's next rise or fall, Management Science 55 (2009)"

    def of_counts(self, counts: Int64Array) -> float:
        """Return the value for the counts of all items."""
        ordered = np.sort(counts)
        n = len(ordered)
        return float(np.dot(2 * np.arange(1, n + 1) - n - 1, ordered)) / (n * float(ordered.sum()))
