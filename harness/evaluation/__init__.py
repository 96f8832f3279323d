"""Lists and truth to a table of metrics, users in parallel, all at once or shard by shard."""

from harness.evaluation.averaging import averaged
from harness.evaluation.blocks import USER_BLOCK
from harness.evaluation.evaluating import evaluate
from harness.evaluation.merging import merge_shards
from harness.evaluation.sharding import score_shard
from harness.evaluation.shards import ShardArrays, ShardScores
from harness.evaluation.slicing import slice_items, slice_users
from harness.evaluation.trec_order import in_trec_order
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
