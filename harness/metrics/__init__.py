"""Definitions of metrics and their kernels: the only place where a metric is computed."""

from harness.metrics.base import AccuracyMetric, ListMetric, ListState, Metric, UserMetric
from harness.metrics.concentration import Gini, ShannonEntropy
from harness.metrics.coverage import Coverage, UserCoverage
from harness.metrics.cumulated_gain import DCG, NDCG
from harness.metrics.diversity import Diversity
from harness.metrics.exact_ranks import AUC, MeanPercentileRank, MeanRank, ReciprocalRank
from harness.metrics.hit_shares import F1, HitRate, Precision, Recall, RPrecision
from harness.metrics.lists import NO_LIST, WORD, Hits, Lists, Ranks, Targets
from harness.metrics.ranking import MAP, MRR, RBP

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
    "AccuracyMetric",
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
    "Targets",
    "UserCoverage",
    "UserMetric",
]
