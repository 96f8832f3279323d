"""The key ``expected``: values that metrics must have."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class ExpectedValue:
    """The value that a metric must have.

    Parameters
    ----------
    value
        The expected value.
    tolerance
        Largest distance from it.
    """

    value: float
    tolerance: Annotated[float, Field(ge=0)]
