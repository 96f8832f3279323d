"""The key ``model.trial``: what is tried before a run, and how much time that may take."""

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
    """The trial of a model from elsewhere on a few users before its run. It decides no number.

    Parameters
    ----------
    on_failure
        What a failed check does: ``error`` stops the run, ``warn`` reports a finding. ``off`` tries nothing.
    users
        Number of users whose lists are compared, 1 or more. The last items of up to eight times as many are looked for.
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
