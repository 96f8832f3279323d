"""Try external models on a few users before a run."""

from harness.pipeline.model_trial.model_audit import audit_digest, audit_model
from harness.pipeline.model_trial.trial import TrialReport, try_model

__all__ = ["TrialReport", "audit_digest", "audit_model", "try_model"]
