"""How a model is trained: the options that all trained models have."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Recipe:
    """How a model is trained.

    Parameters
    ----------
    epochs
        At most so many passes.
    patience
        Stop after so many epochs without a better NDCG at 10 on validation, and keep the best; None: train all epochs,
        which is also the rule where the split has no validation part.
    batch_size
        Examples a step.
    learning_rate
        Of AdamW.
    weight_decay
        Of AdamW.
    """

    epochs: Annotated[int, Field(ge=1)] = 100
    patience: Annotated[int | None, Field(ge=1)] = 10
    batch_size: Annotated[int, Field(ge=1)] = 128
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
