"""A trial of a model from elsewhere on a few users, before it makes lists for all."""

from harness.pipeline.trial.before_run import trial_of
from harness.pipeline.trial.trial import How, Tried, tried

__all__ = ["How", "Tried", "trial_of", "tried"]
