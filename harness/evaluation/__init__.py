"""Lists and truth to a table of metrics, users in parallel."""

from harness.evaluation.averaging import averaged
from harness.evaluation.evaluating import evaluate

__all__ = ["averaged", "evaluate"]
