"""Lists and truth to a table of metrics, users in parallel, all at once or shard by shard."""

from harness.evaluation.averaging import averaged
from harness.evaluation.blocks import USER_BLOCK
from harness.evaluation.evaluating import evaluate
from harness.evaluation.merging import merge_shards
from harness.evaluation.sharding import score_shard
from harness.evaluation.shards import ShardArrays, ShardScores

__all__ = [
    "USER_BLOCK",
    "ShardArrays",
    "ShardScores",
    "averaged",
    "evaluate",
    "merge_shards",
    "score_shard",
]
