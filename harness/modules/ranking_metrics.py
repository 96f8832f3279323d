"""Ranking metrics of plain lists, computed by the kernels of ``harness.evaluate``."""

from __future__ import annotations

import math
import operator

import numpy as np
import pandas as pd

from harness.execution import Parallel
from harness.intervals import mean
from harness.metrics import Lists
from harness.metrics.distinct_lists import DistinctLists
from harness.metrics.hit_rate import HitRate
from harness.metrics.ndcg import NDCG
from harness.metrics.overlap import mean_jaccard_distance
from harness.metrics.precision import Precision
from harness.metrics.recall import Recall
from harness.modules.checks import check_sizes
from harness.modules.id_rows import Ids, coded
from harness.modules.list_matching import hits_in

_LARGEST_K = 1 << 62


class RecommendationMetrics:
    """Metrics of lists of ids, one list per user, best first.

    Ids are of any hashable kind, the same in predictions and targets. An id that repeats in a list
    counts once, at its first rank; a list shorter than k is padded with misses. Every number is
    that of ``harness.evaluate``, which also gives intervals and per-user values, and takes arrays.

    Examples
    --------
    >>> predictions = [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]]
    >>> targets = [[1, 3, 5], [7, 9]]
    >>> RecommendationMetrics.recall_at_k(predictions, targets, k=5)
    1.0
    >>> round(RecommendationMetrics.ndcg_at_k(predictions, targets, k=5), 4)
    0.7682
    >>> RecommendationMetrics.diversity(predictions)
    1.0
    """

    @staticmethod
    def recall_at_k(predictions: Ids, targets: Ids, k: int) -> float:
        r"""Return the mean of hits over distinct targets; users without targets are skipped.

        .. math:: \mathrm{recall@}k = \frac{1}{|U|} \sum_u \frac{|L_u^k \cap R_u|}{|R_u|}

        Parameters
        ----------
        predictions
            One list of ids per user, best first.
        targets
            The relevant ids of each user, in any order.
        k
            Ranks looked at, 1 or more.

        Returns
        -------
        float
            0 to 1; 0.0 where no user has a target.

        Raises
        ------
        ValueError
            ``predictions`` and ``targets`` have different lengths, ``k`` is below 1, or a row is
            no list of hashable ids.

        References
        ----------
        Manning, Raghavan and Schütze, "Introduction to Information Retrieval" (2008), section 8.3.

        Examples
        --------
        >>> RecommendationMetrics.recall_at_k([["a", "b"]], [["b", "c"]], k=2)
        0.5
        """
        return _mean_over_users(Recall(k=_cutoff(k)), predictions, targets)

    @staticmethod
    def precision_at_k(predictions: Ids, targets: Ids, k: int) -> float:
        r"""Return the mean of hits over k, over all users: those without targets count 0.

        .. math:: \mathrm{precision@}k = \frac{1}{|U|} \sum_u \frac{|L_u^k \cap R_u|}{k}

        Parameters, errors and range are those of ``recall_at_k``. Where a user has no target this
        is lower than the precision of ``harness.evaluate``, which leaves such users out.

        References
        ----------
        Manning, Raghavan and Schütze, "Introduction to Information Retrieval" (2008), section 8.4.

        Examples
        --------
        >>> RecommendationMetrics.precision_at_k([[1, 2], [3, 4]], [[2], []], k=2)
        0.25
        """
        return _mean_over_users(Precision(k=_cutoff(k)), predictions, targets, everyone=True)

    @staticmethod
    def ndcg_at_k(predictions: Ids, targets: Ids, k: int) -> float:
        r"""Return the mean normalised discounted cumulative gain; users without targets are skipped.

        .. math:: \mathrm{ndcg@}k = \frac{1}{|U|} \sum_u
                  \frac{\sum_{r=1}^{k} \mathrm{rel}_{ur} / \log_2(r + 1)}
                       {\sum_{r=1}^{\min(k, |R_u|)} 1 / \log_2(r + 1)}

        Relevance is binary. Parameters, errors and range are those of ``recall_at_k``.

        References
        ----------
        Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 20 (2002).

        Examples
        --------
        A miss and two hits, three targets:

        >>> round(RecommendationMetrics.ndcg_at_k([[9, 1, 2]], [[1, 2, 3]], k=3), 3)
        0.531
        """
        return _mean_over_users(NDCG(k=_cutoff(k)), predictions, targets)

    @staticmethod
    def hit_rate_at_k(predictions: Ids, targets: Ids, k: int) -> float:
        r"""Return the share of users with at least one hit; users without targets are skipped.

        .. math:: \mathrm{hit\_rate@}k = \frac{1}{|U|} \sum_u \mathbb{1}[L_u^k \cap R_u \ne \emptyset]

        Parameters, errors and range are those of ``recall_at_k``.

        References
        ----------
        Deshpande and Karypis, "Item-based top-N recommendation algorithms", TOIS 22 (2004),
        section 5.1.

        Examples
        --------
        >>> RecommendationMetrics.hit_rate_at_k([[1, 2], [3, 4]], [[2], [5]], k=2)
        0.5
        """
        return _mean_over_users(HitRate(k=_cutoff(k)), predictions, targets)

    @staticmethod
    def coverage(predictions: Ids, total_items: int) -> float:
        r"""Return the share of the catalogue that is recommended to anyone.

        .. math:: \mathrm{coverage} = \frac{|\bigcup_u L_u|}{|I|}

        Parameters
        ----------
        predictions
            One list of ids per user.
        total_items
            Size of the catalogue, 1 or more.

        Raises
        ------
        ValueError
            ``total_items`` is below 1, or below the number of distinct ids in ``predictions``.

        References
        ----------
        Ge, Delgado-Battenfeld and Jannach, "Beyond accuracy: evaluating recommender systems by
        coverage and serendipity", RecSys 2010, section 3.1.

        Examples
        --------
        >>> RecommendationMetrics.coverage([[1, 2], [2, 3]], total_items=12)
        0.25
        """
        check_sizes(total_items=total_items)
        rows = coded(predictions)
        distinct = len(pd.unique(rows.codes))
        if distinct > total_items:
            raise ValueError(f"predictions holds {distinct} distinct ids; total_items is {total_items}")
        return distinct / operator.index(total_items)

    @staticmethod
    def diversity(predictions: Ids) -> float:
        r"""Return the mean Jaccard distance over all pairs of users' lists, exactly.

        .. math:: \mathrm{diversity} = \frac{1}{|P|} \sum_{(u, v) \in P}
                  1 - \frac{|L_u \cap L_v|}{|L_u \cup L_v|}

        It does not visit all pairs. Pairs of two empty lists are left out.

        Parameters
        ----------
        predictions
            One list of ids per user.

        Returns
        -------
        float
            0 to 1; 0.0 for fewer than two users.

        References
        ----------
        Zhou et al., "Solving the apparent diversity-accuracy dilemma of recommender systems", PNAS
        107 (2010), with the Jaccard distance.

        Examples
        --------
        >>> round(RecommendationMetrics.diversity([[1, 2], [2, 3]]), 4)
        0.6667
        """
        rows = coded(predictions)
        lists = rows.padded()
        distinct = DistinctLists.of(Lists.of(lists), k=lists.shape[1])
        exact = mean_jaccard_distance(distinct, parallel=Parallel(), most_work=math.inf)
        assert exact is not None  # noqa: S101  (however much work it is)
        return exact


def _mean_over_users(
    metric: Recall | Precision | NDCG | HitRate, predictions: Ids, targets: Ids, *, everyone: bool = False
) -> float:
    hits = hits_in(predictions, targets, k=metric.k)
    if not everyone:
        hits = hits.of_users(hits.relevant > 0)
    values = np.empty(hits.n_users, dtype=np.float64)
    metric.score(hits, values)
    return mean(values)


def _cutoff(k: int) -> int:
    check_sizes(k=k)
    if k > _LARGEST_K:
        raise ValueError(f"k is {k}; at most {_LARGEST_K} ranks can be looked at")
    return operator.index(k)
