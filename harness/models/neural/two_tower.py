"""Vectors of users and items that are pulled together where they met."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.artifacts import Tensors, TrainedModel, TrainingData, TrainingOptions, VectorRecommender, Vocabulary
from harness.models.neural.recipe import Recipe

if TYPE_CHECKING:
    from harness.models.neural.two_tower_network import Towers


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class TwoTowerRecipe(Recipe):
    """As ``Recipe``, with defaults of its own."""

    batch_size: Annotated[int, Field(ge=1)] = 512


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class TwoTower(TrainedModel):
    r"""Score by the cosine of a vector of the history and a vector of the item.

    The user tower takes the mean of embeddings of the history's items, each once, through two linear layers with a
    ReLU between, beside the mean itself; the item tower is an embedding of its own::

        score(u, j) = cos(user vector of u, item vector of j)

    Each step draws pairs of a user and an item of theirs, and reads the user's history without that item. The loss is
    ``ContrastiveLoss``; the negatives are the items of the other pairs, and some of the whole catalogue, without which
    an item that nobody chose is never pushed away and ends near everybody. From a negative's score the logarithm of
    how often it is drawn is taken, since popular items are drawn more often; items of the user's own history are none.
    A user without history gets 0 for every item.

    Parameters
    ----------
    embedding_dim
        Dimension of the vectors.
    hidden_dim
        Width between the two layers of the user tower.
    dropout
        Of the history's mean, in training.
    temperature
        Of the loss, above 0.
    uniform_negatives
        How many items a batch are drawn from the whole catalogue, each with the same chance.
    recipe
        How it is trained; an epoch draws each interaction once.
    seed
        Of the first weights, the order of examples and dropout; 0 or more.

    References
    ----------
    Yi et al., "Sampling-bias-corrected neural modeling for large corpus item recommendations", RecSys 2019. Yang et
    al., "Mixed negative sampling for learning two-tower neural networks in recommendations", WWW 2020.

    Examples
    --------
    >>> TwoTower(temperature=0.05).embedding_dim
    64
    """

    batch_invariant: ClassVar[bool] = True

    embedding_dim: Annotated[int, Field(ge=1)] = 64
    hidden_dim: Annotated[int, Field(ge=1)] = 128
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    temperature: Annotated[float, Field(gt=0)] = 0.1
    uniform_negatives: Annotated[int, Field(ge=0)] = 32
    recipe: TwoTowerRecipe = TwoTowerRecipe()
    seed: Annotated[int, Field(ge=0)] = 0

    def train(self, data: TrainingData, options: TrainingOptions) -> Tensors:
        """Return the state dict of both towers.

        Raises
        ------
        HarnessError
            The loss is NaN or infinite, or nobody has two items.
        """
        from harness.models.neural.two_tower_network import train

        return train(
            lambda: self.towers(len(data.items)),
            data,
            options,
            recipe=self.recipe,
            temperature=self.temperature,
            uniform_negatives=self.uniform_negatives,
            seed=self.seed,
        )

    def recommender(self, tensors: Tensors, *, users: Vocabulary, items: Vocabulary, device: str) -> VectorRecommender:
        """Return the scorer by products of vectors.

        Raises
        ------
        CheckpointError
            The tensors are not those of ``train`` on this catalogue.
        """
        from harness.models.neural.two_tower_network import scorer

        return scorer(self.towers(len(items)), tensors, device)

    def towers(self, n_items: int) -> Towers:
        """Return both towers with random weights."""
        from harness.models.neural.two_tower_network import Towers

        return Towers(n_items, self.embedding_dim, self.hidden_dim, self.dropout)
