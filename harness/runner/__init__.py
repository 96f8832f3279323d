"""Run a model over the users of a task: their best items, and the exact ranks of the relevant ones."""

from harness.runner.predict import Predictions, compute_topk, predict
from harness.runner.scoring_options import Options, resolved_batch_size
from harness.runner.shard_files import Shards

__all__ = [
    "Options",
    "Predictions",
    "Shards",
    "compute_topk",
    "predict",
    "resolved_batch_size",
]
