"""Accuracy from exact ranks: where the relevant items stand among all candidates, beyond every list.

They need ``target_ranks``, which a run of a model records: for each relevant item how many candidates
have a higher score, and how many others the same. Where scores tie, a value is the mean over all orders
of the tied. A relevant item that was no candidate, since it was seen or not allowed, stands behind all
candidates.
"""

# Kernels are imported where a value is asked for: reading an experiment does not wait for numba.

from __future__ import annotations

import math
from typing import ClassVar

from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array, Int32Array, Int64Array
from harness.metrics.base import AccuracyMetric
from harness.metrics.metric_inputs import Hits

_NO_CUTOFF = 1 << 40


class _RankMetric(AccuracyMetric):
    needs = ("target_ranks",)
    choices: ClassVar = {"ties": "expected", "no candidate": "behind all candidates"}

    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values, which are means over all orders of ties already."""
        self.score(hits, out)

    def arrays_of(self, hits: Hits) -> tuple[Int64Array, Int32Array, Int32Array, Int32Array]:
        """Return the arrays that the kernels take."""
        ranks = self.ranks_of(hits)
        return ranks.indptr, ranks.above, ranks.tied, ranks.candidates


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class MeanRank(_RankMetric):
    r"""Mean rank of the relevant items among all candidates, 1 for the best.

    .. math:: \mathrm{mean\_rank} = \frac{1}{|R|} \sum_{i \in R} \Big(a_i + \frac{t_i}{2} + 1\Big)

    with :math:`a_i` candidates above item i and :math:`t_i` others that tie with it. Other relevant items count
    among them, so that 1 can be reached with one relevant item alone.

    Examples
    --------
    An item at rank 1, and one at rank 5 or 6 as its tie is broken:

    >>> import numpy as np
    >>> from harness.metrics import Ranks
    >>> ranks = Ranks(np.array([0, 2]), np.array([0, 4], np.int32), np.array([0, 1], np.int32), np.array([9], np.int32))
    >>> hits, out = Hits.of([[True, False]], relevant=[2], ranks=ranks), np.empty(1)
    >>> MeanRank().score(hits, out)
    >>> out
    array([3.25])
    """

    name = "mean_rank"
    higher_is_better = False
    lower = 1.0
    upper = math.inf
    formula = r"\frac{1}{|R|} \sum_{i \in R} \left(a_i + \frac{t_i}{2} + 1\right)"
    reference = "Bordes et al., Translating embeddings for modeling multi-relational data, NIPS 2013, section 4"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        from harness.metrics.kernels import rank_values

        rank_values.mean_rank(*self.arrays_of(hits), out)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class MeanPercentileRank(_RankMetric):
    r"""Mean percentile of the relevant items among all candidates: 0 for the best, 1 for the last.

    .. math:: \mathrm{mean\_percentile\_rank} = \frac{1}{|R|} \sum_{i \in R} \frac{a_i + t_i / 2}{n - 1}

    with :math:`a_i` candidates above item i, :math:`t_i` others that tie with it, and n candidates. A scorer that
    knows nothing has 0.5. 0 where there is one candidate.

    Examples
    --------
    Of nine candidates, an item at rank 1, and one at rank 5 or 6 as its tie is broken:

    >>> import numpy as np
    >>> from harness.metrics import Ranks
    >>> ranks = Ranks(np.array([0, 2]), np.array([0, 4], np.int32), np.array([0, 1], np.int32), np.array([9], np.int32))
    >>> hits, out = Hits.of([[True, False]], relevant=[2], ranks=ranks), np.empty(1)
    >>> MeanPercentileRank().score(hits, out)
    >>> out.round(3)
    array([0.281])
    """

    name = "mean_percentile_rank"
    higher_is_better = False
    formula = r"\frac{1}{|R|} \sum_{i \in R} \frac{a_i + t_i / 2}{n - 1}"
    reference = "Hu, Koren and Volinsky, Collaborative filtering for implicit feedback datasets, ICDM 2008, section 5.2"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        from harness.metrics.kernels import rank_values

        rank_values.mean_percentile(*self.arrays_of(hits), out)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class AUC(_RankMetric):
    r"""Chance that a relevant item stands above one that is not, half where they tie.

    .. math:: \mathrm{auc} = \frac{1}{|R| \, |C \setminus R|} \sum_{i \in R} \sum_{j \in C \setminus R}
              \Big(\mathbb{1}[s_i > s_j] + \tfrac{1}{2} \mathbb{1}[s_i = s_j]\Big)

    over all candidates C of a user. A scorer that knows nothing has 0.5, and so has a user all of whose
    candidates are relevant. A relevant item that was no candidate stands above none.

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
        """Write the users' values."""
        from harness.metrics.kernels import rank_values

        rank_values.auc(*self.arrays_of(hits), out)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class ReciprocalRank(_RankMetric):
    r"""Reciprocal rank of the first relevant item among all candidates: mrr without a cutoff.

    .. math:: \mathrm{reciprocal\_rank} = \max_{i \in R} \frac{1}{r_i}

    with :math:`r_i` the rank of item i. 0 where no relevant item was a candidate.

    Examples
    --------
    >>> import numpy as np
    >>> from harness.metrics import Ranks
    >>> ranks = Ranks(np.array([0, 2]), np.array([0, 4], np.int32), np.array([0, 1], np.int32), np.array([9], np.int32))
    >>> hits, out = Hits.of([[True, False]], relevant=[2], ranks=ranks), np.empty(1)
    >>> ReciprocalRank().score(hits, out)
    >>> out
    array([1.])
    """

    name = "reciprocal_rank"
    formula = r"\max_{i \in R} \frac{1}{r_i}"
    reference = "Voorhees, The TREC-8 question answering track report, TREC 1999"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        from harness.metrics.kernels import tie_expectations

        ranks = self.ranks_of(hits)
        tie_expectations.expected_first(ranks.indptr, ranks.above, ranks.tied, _NO_CUTOFF, out)
