"""Types of plain values that several sections share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Positive = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0)]
Text = Annotated[str, Field(min_length=1)]

SEED_PATTERN = "{seed}"  # in model.checkpoint: the seed of the run
