"""Users through a model on a device, to their best items and the ranks of what was relevant."""

from harness.runner.predict import Predictions, found_by, predict
from harness.runner.scoring_options import Options, resolved_batch_size
from harness.runner.shard_files import Shards

__all__ = [
    "Options",
    "Predictions",
    "Shards",
    "found_by",
    "predict",
    "resolved_batch_size",
]
