"""Evaluate lists against the truth: all users at once, or shard by shard."""

from harness.evaluation.evaluator import evaluate
from harness.evaluation.shard_evaluation import score_shard
from harness.evaluation.shard_merge import merge_shards
from harness.evaluation.shard_scores import ShardArrays, ShardScores
from harness.evaluation.slices import slice_items, slice_users
from harness.evaluation.trec_order import in_trec_order
from harness.evaluation.user_averages import averaged
from harness.evaluation.user_blocks import USER_BLOCK
from harness.experiment import DEFAULT_RULES, Rules, Ties, WithoutPredictions

__all__ = [
    "DEFAULT_RULES",
    "USER_BLOCK",
    "Rules",
    "ShardArrays",
    "ShardScores",
    "Ties",
    "WithoutPredictions",
    "averaged",
    "evaluate",
    "in_trec_order",
    "merge_shards",
    "score_shard",
    "slice_items",
    "slice_users",
]
