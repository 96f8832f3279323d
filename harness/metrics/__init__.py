"""Definitions of metrics and their kernels: the only place where a metric is computed."""

from harness.metrics.base import ListMetric, ListState, Metric, UserMetric
from harness.metrics.coverage import Coverage
from harness.metrics.diversity import Diversity
from harness.metrics.lists import NO_LIST, WORD, Hits, Lists
from harness.metrics.ranking import NDCG, HitRate, Precision, Recall

__all__ = [
    "NDCG",
    "NO_LIST",
    "WORD",
    "Coverage",
    "Diversity",
    "HitRate",
    "Hits",
    "ListMetric",
    "ListState",
    "Lists",
    "Metric",
    "Precision",
    "Recall",
    "UserMetric",
]
