"""Options of the generative model: how items get their codes, and how the network is trained."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.models.neural.recipe import Recipe


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class CodeOptions:
    """How items get their codes.

    Parameters
    ----------
    vectors
        ``cooccurrence``: from what the training part says of items; ``dataset``: those of ``dataset.items.vectors``,
        such as embeddings of texts.
    dimension
        Of the vectors by co-occurrence.
    levels
        Codes an item, before the one that tells collisions apart.
    size
        Codes at each level.
    hidden_dim, latent_dim
        Of the autoencoder.
    steps
        Of its training, all items a step.
    """

    vectors: Literal["cooccurrence", "dataset"] = "cooccurrence"
    dimension: Annotated[int, Field(ge=1)] = 64
    levels: Annotated[int, Field(ge=1)] = 2
    size: Annotated[int, Field(ge=2)] = 64
    hidden_dim: Annotated[int, Field(ge=1)] = 128
    latent_dim: Annotated[int, Field(ge=1)] = 32
    steps: Annotated[int, Field(ge=1)] = 500


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class GenerativeRecipe(Recipe):
    """As ``Recipe``, with defaults of its own."""

    patience: Annotated[int | None, Field(ge=1)] = 8
