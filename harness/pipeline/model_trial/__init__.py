"""A trial of a model from elsewhere on a few users, before it makes lists for all."""

from harness.pipeline.model_trial.trial import How, Tried, tried
from harness.pipeline.model_trial.trial_run import trial_of

__all__ = ["How", "Tried", "trial_of", "tried"]
