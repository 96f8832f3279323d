"""The section ``model.trial``: how an external model is tried before its run."""

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
    """Settings of the trial of an external model on a few users before its run. They change no number.

    Parameters
    ----------
    on_failure
        What a failed check does: ``error`` stops the run, ``warn`` reports a finding. ``off`` skips the trial.
    users
        Number of users whose lists are compared, 1 or more. Ranks are compared for up to eight times as many users.
    depth
        Length of the lists, at most ``runner.k``; None for ``runner.k``.
    seconds
        Time that the trial may take, more than 0. ``auto``: a tenth of the estimated time of the run, or 30 seconds if
        that is more.
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
