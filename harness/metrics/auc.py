"""Area under the ROC curve: how often a relevant item scores above another candidate."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.exact_rank_metric import ExactRankMetric
from harness.metrics.metric_inputs import Hits


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class AUC(ExactRankMetric):
    r"""Chance that a relevant item is ranked above an item that is not relevant; ties count half.

    .. math:: \mathrm{auc} = \frac{1}{|R| \, |C \setminus R|} \sum_{i \in R} \sum_{j \in C \setminus R}
              \Big(\mathbb{1}[s_i > s_j] + \tfrac{1}{2} \mathbb{1}[s_i = s_j]\Big)

    over all candidates C of a user. A random scorer has 0.5, and so has a user all of whose candidates are relevant. A
    relevant item that was not a candidate is ranked above none.

    Examples
    --------
    Of nine candidates, seven are not relevant: none is above the first item; three are above the second, and one
    ties with it:

    >>> import numpy as np
    >>> from harness.metrics import Ranks
    >>> ranks = Ranks(np.array([0, 2]), np.array([0, 4], np.int32), np.array([0, 1], np.int32), np.array([9], np.int32))
    >>> hits, out = Hits.of([[True, False]], relevant=[2], ranks=ranks), np.empty(1)
    >>> AUC().score(hits, out)
    >>> out.round(3)
    array([0.75])
    """

    name = "auc"
    formula = (
        r"\frac{1}{|R| \, |C \setminus R|} \sum_{i \in R} \sum_{j \in C \setminus R}"
        r" \left(\mathbb{1}[s_i > s_j] + \tfrac{1}{2} \mathbb{1}[s_i = s_j]\right)"
    )
    reference = "Rendle et al., BPR: Bayesian personalized ranking from implicit feedback, UAI 2009, section 3.2"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        from harness.metrics.kernels import rank_values

        rank_values.auc(*self.rank_arrays(hits), out)
