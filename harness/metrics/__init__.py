"""Definitions of metrics and their kernels: the only place where a metric is computed."""

from harness.metrics.base import AccuracyMetric, Estimate, ListMetric, ListState, Metric, UserMetric
from harness.metrics.calibration import Calibration
from harness.metrics.concentration import Gini, ShannonEntropy
from harness.metrics.coverage import Coverage, UserCoverage
from harness.metrics.cumulated_gain import DCG, NDCG
from harness.metrics.debiased import DebiasedDCG, DebiasedRecall
from harness.metrics.diversity import Diversity
from harness.metrics.exact_ranks import AUC, MeanPercentileRank, MeanRank, ReciprocalRank
from harness.metrics.hit_shares import F1, HitRate, Precision, Recall, RPrecision
from harness.metrics.intra_list import IntraListDiversity
from harness.metrics.listed_metric import ListedMetric
from harness.metrics.metric_inputs import NO_LIST, WORD, Hits, Lists, Ranks, Targets
from harness.metrics.novelty import EFD, EPC, Novelty, Serendipity, Unexpectedness
from harness.metrics.popularity_bias import ACLT, APLT, AveragePopularity
from harness.metrics.popularity_groups import PopREO, PopRSP, PopularityLift, TailShare
from harness.metrics.ranking import MAP, MRR, RBP

__all__ = [
    "ACLT",
    "APLT",
    "AUC",
    "DCG",
    "EFD",
    "EPC",
    "F1",
    "MAP",
    "MRR",
    "NDCG",
    "NO_LIST",
    "RBP",
    "WORD",
    "AccuracyMetric",
    "AveragePopularity",
    "Calibration",
    "Coverage",
    "DebiasedDCG",
    "DebiasedRecall",
    "Diversity",
    "Estimate",
    "Gini",
    "HitRate",
    "Hits",
    "IntraListDiversity",
    "ListMetric",
    "ListState",
    "ListedMetric",
    "Lists",
    "MeanPercentileRank",
    "MeanRank",
    "Metric",
    "Novelty",
    "PopREO",
    "PopRSP",
    "PopularityLift",
    "Precision",
    "RPrecision",
    "Ranks",
    "Recall",
    "ReciprocalRank",
    "Serendipity",
    "ShannonEntropy",
    "TailShare",
    "Targets",
    "Unexpectedness",
    "UserCoverage",
    "UserMetric",
]
