"""Training options that all neural models share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Recipe:
    """Training options.

    Parameters
    ----------
    epochs
        Largest number of epochs.
    patience
        Number of epochs without a better NDCG@10 on validation after which training stops; the best epoch is kept.
        None: train all epochs, as without a validation part.
    batch_size
        Examples per step.
    learning_rate
        Learning rate of AdamW.
    weight_decay
        Weight decay of AdamW.
    """

    epochs: Annotated[int, Field(ge=1)] = 100
    patience: Annotated[int | None, Field(ge=1)] = 10
    batch_size: Annotated[int, Field(ge=1)] = 128
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
