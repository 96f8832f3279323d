"""Frozen values that stages take and return, and the classes that models and splits derive from."""

from harness.artifacts.attention_explainer import Attention, AttentionExplainer
from harness.artifacts.block_size import USER_BLOCK
from harness.artifacts.candidate_lists import CandidateLists
from harness.artifacts.catalogue_entry import CatalogueEntry
from harness.artifacts.checkpoint_facts import CheckpointFacts
from harness.artifacts.comparison import (
    PAIR_COLUMNS,
    Comparison,
    ComparisonProtocol,
    GroupContrast,
    PairedDifference,
)
from harness.artifacts.comparison_record import ComparedPair, ComparedRun, ComparisonRecord
from harness.artifacts.contribution_explainer import ContributionExplainer, Contributions, distinct_history
from harness.artifacts.csr import indptr_of_kept, runs
from harness.artifacts.dataset_audit import (
    DatasetAudit,
    DatasetSummary,
    SourceSummary,
    TieRuleValues,
    TieTrial,
    ValueRange,
)
from harness.artifacts.example_users import ExampleItem, ExampleUser, ExampleUsers, HeldOutItem, Outcome, Reason
from harness.artifacts.external_recommender import ExternalRecommender, PaddingSide, ShiftTarget, TensorCounts
from harness.artifacts.finding import DataWarning, Finding, Severity
from harness.artifacts.integer_ids import CANONICAL_INTEGER, LONGEST_ID, integer_of
from harness.artifacts.interactions import OUTSIDE, PARTS, History, Interactions, Part, Split
from harness.artifacts.item_contributions import ItemContributions
from harness.artifacts.json_values import Facts, flat_items, to_json
from harness.artifacts.list_profile import CategoryShare, ListProfile
from harness.artifacts.list_request import ListRequest
from harness.artifacts.metric_table import MetricTable, MetricValue, TieRange
from harness.artifacts.model_config import (
    ExternalModel,
    FittedModel,
    ModelConfig,
    Tensors,
    TrainedModel,
    TrainingRecipe,
)
from harness.artifacts.protocol_record import CandidateRecord, ExperimentRecord, ProtocolRecord, TrackingRecord
from harness.artifacts.ranked_lists import RankedLists
from harness.artifacts.recommendation_task import RecommendationTask
from harness.artifacts.recommender import AnyRecommender, ListRecommender, Recommender, VectorRecommender
from harness.artifacts.result_list import ListedComparison, ListedRun, ResultList
from harness.artifacts.robustness import JudgedVariant, MetricChoice, RankAgreement, RobustClaim, Robustness
from harness.artifacts.rules import DEFAULT_RULES, Rules, Ties, WithoutPredictions
from harness.artifacts.run_difference import (
    DifferenceStep,
    FactChange,
    RunDifference,
    ShownItem,
    UserDifference,
)
from harness.artifacts.run_record import (
    DatasetRecord,
    EnvironmentRecord,
    Expectation,
    GitState,
    PartialRun,
    RunRecord,
    TimingRecord,
)
from harness.artifacts.scores import (
    as_gains,
    as_scores,
    rounded,
    rounding_ties,
    score_fault,
    wrong_scores,
)
from harness.artifacts.shared_users import SharedUser, SharedUsers, ShownList
from harness.artifacts.side_information import Categories, SideInformation, share_above
from harness.artifacts.size_findings import candidate_counts, cutoff_beyond_candidates, few_users
from harness.artifacts.slice_table import SliceGap, SliceGroup, SliceTable, SliceValue
from harness.artifacts.split_rule import SplitRule
from harness.artifacts.target_ranks import NOT_A_CANDIDATE, TargetRanks
from harness.artifacts.time_units import PER_SECOND, TimeUnit
from harness.artifacts.topk import NO_ITEM, TopK
from harness.artifacts.training_data import VALIDATION_CUTOFF, TrainingData, ValidationMetric
from harness.artifacts.training_options import TrainingOptions
from harness.artifacts.truth import Truth
from harness.artifacts.user_batch import UserBatch
from harness.artifacts.user_slice import GroupValues, UserSlice
from harness.artifacts.vocabulary import Vocabulary, as_ids, descending_places, pair_keys, stream, user_halves

__all__ = [
    "CANONICAL_INTEGER",
    "DEFAULT_RULES",
    "LONGEST_ID",
    "NOT_A_CANDIDATE",
    "NO_ITEM",
    "OUTSIDE",
    "PAIR_COLUMNS",
    "PARTS",
    "PER_SECOND",
    "USER_BLOCK",
    "VALIDATION_CUTOFF",
    "AnyRecommender",
    "Attention",
    "AttentionExplainer",
    "CandidateLists",
    "CandidateRecord",
    "CatalogueEntry",
    "Categories",
    "CategoryShare",
    "CheckpointFacts",
    "ComparedPair",
    "ComparedRun",
    "Comparison",
    "ComparisonProtocol",
    "ComparisonRecord",
    "ContributionExplainer",
    "Contributions",
    "DataWarning",
    "DatasetAudit",
    "DatasetRecord",
    "DatasetSummary",
    "DifferenceStep",
    "EnvironmentRecord",
    "ExampleItem",
    "ExampleUser",
    "ExampleUsers",
    "Expectation",
    "ExperimentRecord",
    "ExternalModel",
    "ExternalRecommender",
    "FactChange",
    "Facts",
    "Finding",
    "FittedModel",
    "GitState",
    "GroupContrast",
    "GroupValues",
    "HeldOutItem",
    "History",
    "Interactions",
    "ItemContributions",
    "JudgedVariant",
    "ListProfile",
    "ListRecommender",
    "ListRequest",
    "ListedComparison",
    "ListedRun",
    "MetricChoice",
    "MetricTable",
    "MetricValue",
    "ModelConfig",
    "Outcome",
    "PaddingSide",
    "PairedDifference",
    "Part",
    "PartialRun",
    "ProtocolRecord",
    "RankAgreement",
    "RankedLists",
    "Reason",
    "RecommendationTask",
    "Recommender",
    "ResultList",
    "RobustClaim",
    "Robustness",
    "Rules",
    "RunDifference",
    "RunRecord",
    "Severity",
    "SharedUser",
    "SharedUsers",
    "ShiftTarget",
    "ShownItem",
    "ShownList",
    "SideInformation",
    "SliceGap",
    "SliceGroup",
    "SliceTable",
    "SliceValue",
    "SourceSummary",
    "Split",
    "SplitRule",
    "TargetRanks",
    "TensorCounts",
    "Tensors",
    "TieRange",
    "TieRuleValues",
    "TieTrial",
    "Ties",
    "TimeUnit",
    "TimingRecord",
    "TopK",
    "TrackingRecord",
    "TrainedModel",
    "TrainingData",
    "TrainingOptions",
    "TrainingRecipe",
    "Truth",
    "UserBatch",
    "UserDifference",
    "UserSlice",
    "ValidationMetric",
    "ValueRange",
    "VectorRecommender",
    "Vocabulary",
    "WithoutPredictions",
    "as_gains",
    "as_ids",
    "as_scores",
    "candidate_counts",
    "cutoff_beyond_candidates",
    "descending_places",
    "distinct_history",
    "few_users",
    "flat_items",
    "indptr_of_kept",
    "integer_of",
    "pair_keys",
    "rounded",
    "rounding_ties",
    "runs",
    "score_fault",
    "share_above",
    "stream",
    "to_json",
    "user_halves",
    "wrong_scores",
]
