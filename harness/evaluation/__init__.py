"""Lists and truth to a table of metrics, users in parallel."""

from harness.evaluation.evaluate import evaluate

__all__ = ["evaluate"]
