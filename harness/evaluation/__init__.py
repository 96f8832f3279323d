"""Evaluate lists against the truth: all users at once, or shard by shard."""

from harness.evaluation.evaluator import evaluate
from harness.evaluation.shard_evaluation import score_shard
from harness.evaluation.shard_merge import merge_shards
from harness.evaluation.shard_scores import ShardArrays, ShardScores
from harness.evaluation.slices import slice_items, slice_table, slice_users
from harness.evaluation.trec_order import in_trec_order
from harness.evaluation.user_averages import averaged
from harness.evaluation.user_blocks import USER_BLOCK

__all__ = [
    "USER_BLOCK",
    "ShardArrays",
    "ShardScores",
    "averaged",
    "evaluate",
    "in_trec_order",
    "merge_shards",
    "score_shard",
    "slice_items",
    "slice_table",
    "slice_users",
]
