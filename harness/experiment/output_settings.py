"""The sections ``tracking`` and ``report``: where results go."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from harness.experiment.value_types import Text


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class TrackingSettings:
    """The section ``tracking``: logging to MLflow.

    Parameters
    ----------
    experiment
        Name of the MLflow experiment.
    enabled
        Whether to log runs.
    per_user
        Whether to upload per-user values and the other tables that hold ids of users.
    """

    experiment: Text
    enabled: bool = True
    per_user: bool = True


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class ReportSettings:
    """The section ``report``: results are written to ``directory/<name>/``."""

    directory: Text = "reports"
