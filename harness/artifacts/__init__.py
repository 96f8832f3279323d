"""The frozen values that stages take and return."""

from harness.artifacts.block_size import USER_BLOCK
from harness.artifacts.comparison import PAIR_COLUMNS, Comparison
from harness.artifacts.csr import indptr_of_kept, runs
from harness.artifacts.external_recommender import ExternalRecommender, PaddingSide, ShiftTarget, TensorCounts
from harness.artifacts.finding import Finding, Severity
from harness.artifacts.integer_ids import CANONICAL_INTEGER, LONGEST_ID, integer_of
from harness.artifacts.interactions import OUTSIDE, PARTS, History, Interactions, Part, Split
from harness.artifacts.metric_table import MetricTable, MetricValue, TieRange
from harness.artifacts.rankings import NO_ITEM, NOT_A_CANDIDATE, CandidateLists, TargetRanks, TopK, Truth
from harness.artifacts.recommender import (
    AnyRecommender,
    ListRecommender,
    ListsAsked,
    ListsMade,
    Model,
    Recommender,
    Tensors,
    UserBatch,
    VectorRecommender,
)
from harness.artifacts.scores import (
    SCORE_REMEDY,
    as_gains,
    as_scores,
    real_array,
    rounded,
    rounding_ties,
    score_fault,
    wrong_scores,
)
from harness.artifacts.side_information import Categories, SideInformation, share_above
from harness.artifacts.size_findings import FEW_USERS, candidate_counts, cutoff_beyond_candidates, few_users
from harness.artifacts.slice_table import SliceGap, SliceTable, SliceValue
from harness.artifacts.time_units import PER_SECOND, TimeUnit
from harness.artifacts.training import (
    JUDGED_AT,
    Attention,
    Explains,
    ForeignModel,
    Judge,
    Lessons,
    TrainedModel,
    Training,
)
from harness.artifacts.vocabulary import Vocabulary, as_ids, descending_places, pair_keys, stream, user_halves

__all__ = [
    "CANONICAL_INTEGER",
    "FEW_USERS",
    "JUDGED_AT",
    "LONGEST_ID",
    "NOT_A_CANDIDATE",
    "NO_ITEM",
    "OUTSIDE",
    "PAIR_COLUMNS",
    "PARTS",
    "PER_SECOND",
    "SCORE_REMEDY",
    "USER_BLOCK",
    "AnyRecommender",
    "Attention",
    "CandidateLists",
    "Categories",
    "Comparison",
    "Explains",
    "ExternalRecommender",
    "Finding",
    "ForeignModel",
    "History",
    "Interactions",
    "Judge",
    "Lessons",
    "ListRecommender",
    "ListsAsked",
    "ListsMade",
    "MetricTable",
    "MetricValue",
    "Model",
    "PaddingSide",
    "Part",
    "Recommender",
    "Severity",
    "ShiftTarget",
    "SideInformation",
    "SliceGap",
    "SliceTable",
    "SliceValue",
    "Split",
    "TargetRanks",
    "TensorCounts",
    "Tensors",
    "TieRange",
    "TimeUnit",
    "TopK",
    "TrainedModel",
    "Training",
    "Truth",
    "UserBatch",
    "VectorRecommender",
    "Vocabulary",
    "as_gains",
    "as_ids",
    "as_scores",
    "candidate_counts",
    "cutoff_beyond_candidates",
    "descending_places",
    "few_users",
    "indptr_of_kept",
    "integer_of",
    "pair_keys",
    "real_array",
    "rounded",
    "rounding_ties",
    "runs",
    "score_fault",
    "share_above",
    "stream",
    "user_halves",
    "wrong_scores",
]
