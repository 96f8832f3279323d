"""Options of the generative model: how items get their codes, and how the network is trained."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.models.neural.recipe import Recipe


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class CodeOptions:
    """Options of the codes of items.

    Parameters
    ----------
    vectors
        ``cooccurrence``: from the co-occurrence of items in the training part; ``dataset``: those of
        ``dataset.items.vectors``, such as text embeddings.
    dimension
        Dimension of the co-occurrence vectors.
    levels
        Number of codes per item, without the one that resolves collisions.
    size
        Number of codes at each level.
    hidden_dim, latent_dim
        Sizes of the autoencoder.
    steps
        Number of training steps of the autoencoder; each step uses all items.
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
    """Training options as in ``Recipe``, with other defaults."""

    patience: Annotated[int | None, Field(ge=1)] = 8
