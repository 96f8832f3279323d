"""Lists and truth to a table of metrics, users in parallel."""

from harness.evaluation.evaluating import evaluate

__all__ = ["evaluate"]
