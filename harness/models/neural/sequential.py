"""A Transformer over the history that predicts the next item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.artifacts import Tensors, TrainedModel, TrainingData, TrainingOptions, VectorRecommender, Vocabulary
from harness.models.neural.recipe import Recipe

if TYPE_CHECKING:
    from harness.modules import TransformerEncoder


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class SequentialRecipe(Recipe):
    """Training options as in ``Recipe``, with other defaults."""

    batch_size: Annotated[int, Field(ge=1)] = 16
    learning_rate: Annotated[float, Field(gt=0)] = 2e-3


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Sequential(TrainedModel):
    r"""Score by the product of a causal Transformer's output for the history and the item embeddings.

    With E the embeddings of the items, ``TransformerEncoder(causal=True)`` gives ``h_t`` for each position t of the
    last ``max_length`` items of a history, and::

        score(u, j) = h_last(u) · E[j] / sqrt(embedding_dim)

    The loss is the cross entropy of the next item over the whole catalogue at each position (``SequenceLoss``).
    Users without history have a score of 0 for every item. Users are computed in blocks of fixed shapes, so that a
    score does not depend on the batch.

    Parameters
    ----------
    embedding_dim
        Dimension D; a multiple of ``num_heads``.
    num_heads, num_layers, attn_dim
        Sizes of the encoder.
    dropout
        Dropout in training.
    max_length
        Number of last items of a history that are read.
    label_smoothing
        Share of the target that is spread over the catalogue.
    recipe
        Training options.
    seed
        Seed of the initial weights, the order of the examples and dropout; 0 or more.

    References
    ----------
    Kang and McAuley, "Self-attentive sequential recommendation", ICDM 2018; with the loss over the whole catalogue:
    Klenitskiy and Vasilev, "Turning dross into gold loss: is BERT4Rec really better than SASRec?", RecSys 2023.

    Examples
    --------
    >>> Sequential(num_layers=1).max_length
    100
    """

    batch_invariant: ClassVar[bool] = True

    embedding_dim: Annotated[int, Field(ge=1)] = 64
    num_heads: Annotated[int, Field(ge=1)] = 2
    num_layers: Annotated[int, Field(ge=1)] = 2
    attn_dim: Annotated[int, Field(ge=1)] = 128
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    max_length: Annotated[int, Field(ge=1)] = 100
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.1
    recipe: SequentialRecipe = SequentialRecipe()
    seed: Annotated[int, Field(ge=0)] = 0

    def __post_init__(self) -> None:
        if self.embedding_dim % self.num_heads:
            raise ValueError(f"embedding_dim is {self.embedding_dim}, which {self.num_heads} heads do not divide")

    def train(self, data: TrainingData, options: TrainingOptions) -> Tensors:
        """Train the encoder, and return its state dict.

        Raises
        ------
        HarnessError
            The loss is NaN or infinite, or no user has two interactions.
        """
        from harness.models.neural.sequential_network import train

        return train(
            lambda: self.encoder(len(data.items)),
            data,
            options,
            recipe=self.recipe,
            max_length=self.max_length,
            label_smoothing=self.label_smoothing,
            seed=self.seed,
        )

    def recommender(self, tensors: Tensors, *, users: Vocabulary, items: Vocabulary, device: str) -> VectorRecommender:
        """Return a scorer by products of vectors.

        Raises
        ------
        CheckpointError
            The tensors do not come from ``train`` on this catalogue.
        """
        from harness.models.neural.sequential_network import scorer

        return scorer(self.encoder(len(items)), tensors, device)

    def encoder(self, n_items: int) -> TransformerEncoder:
        """Return the encoder with random weights."""
        from harness.modules import TransformerEncoder

        sizes = (self.embedding_dim, self.num_heads, self.num_layers, self.attn_dim, self.dropout, self.max_length)
        return TransformerEncoder(n_items, *sizes, causal=True)
