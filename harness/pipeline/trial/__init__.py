"""A trial of a model from elsewhere on a few users, before it makes lists for all."""

from harness.pipeline.trial.trial import tried

__all__ = ["tried"]
