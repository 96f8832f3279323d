"""The key ``model.trial``: the checks of an external model on a few users before a run."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field
from pydantic.dataclasses import dataclass

from harness.experiment.validation_errors import FaultError, shown
from harness.experiment.value_types import Positive

OnFailure: TypeAlias = Literal["error", "warn", "off"]
Seconds: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False)] | Literal["auto"]


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class TrialSettings:
    """Settings of the trial of an external model. The trial affects no number of the run.

    Parameters
    ----------
    on_failure
        Effect of a failed check: ``error`` stops the run, ``warn`` reports a finding. ``off`` disables the trial.
    users
        Number of users whose lists are compared, 1 or more. Checks of the last item of histories use up to eight
        times as many users.
    depth
        Length of the lists, at most ``runner.k``. None: ``runner.k``.
    seconds
        Time limit in seconds. ``auto``: the larger of 30 seconds and a tenth of the estimated time of the run.
    """

    on_failure: OnFailure = "error"
    users: Positive = 32
    depth: Positive | None = None
    seconds: Seconds = "auto"


def _from_name(value: Any) -> Any:
    if value in ("error", "warn", "off"):
        return TrialSettings(on_failure=value)
    if value is None or isinstance(value, (dict, TrialSettings)):
        return value
    raise FaultError((), f"model.trial is {shown(value)}; error, warn, off or a map of its options is needed")


TrialField: TypeAlias = Annotated[TrialSettings | None, BeforeValidator(_from_name)]
