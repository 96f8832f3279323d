"""Users through a model on a device, to their best items and the ranks of what was relevant."""

from harness.runner.options import Options, resolved_batch_size
from harness.runner.predict import Predictions, found_by, predict
from harness.runner.shards import Shards
from harness.runner.task import PredictionTask

__all__ = [
    "Options",
    "PredictionTask",
    "Predictions",
    "Shards",
    "found_by",
    "predict",
    "resolved_batch_size",
]
