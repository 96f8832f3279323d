"""Definitions of metrics and their kernels: the only place where a metric is computed."""

from harness.metrics.base import ListMetric, ListState, Metric, UserMetric
from harness.metrics.concentration import Gini, ShannonEntropy
from harness.metrics.coverage import Coverage, UserCoverage
from harness.metrics.diversity import Diversity
from harness.metrics.exact_ranks import AUC, MeanPercentileRank, MeanRank, ReciprocalRank
from harness.metrics.hit_shares import F1, HitRate, Precision, Recall, RPrecision
from harness.metrics.lists import NO_LIST, WORD, Hits, Lists, Ranks
from harness.metrics.ranking import DCG, MAP, MRR, NDCG, RBP

__all__ = [
    "AUC",
    "DCG",
    "F1",
    "MAP",
    "MRR",
    "NDCG",
    "NO_LIST",
    "RBP",
    "WORD",
    "Coverage",
    "Diversity",
    "Gini",
    "HitRate",
    "Hits",
    "ListMetric",
    "ListState",
    "Lists",
    "MeanPercentileRank",
    "MeanRank",
    "Metric",
    "Precision",
    "RPrecision",
    "Ranks",
    "Recall",
    "ReciprocalRank",
    "ShannonEntropy",
    "UserCoverage",
    "UserMetric",
]
