"""Users in batches through a model on a device, to their best items and the ranks of what was relevant."""

from harness.runner.device import auto_batch_size
from harness.runner.predict import Predictions, predict

__all__ = ["Predictions", "auto_batch_size", "predict"]
