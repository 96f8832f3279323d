"""A two-tower model: user and item vectors from contrastive learning."""

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
    """Training options as in ``Recipe``, with other defaults."""

    batch_size: Annotated[int, Field(ge=1)] = 512


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class TwoTower(TrainedModel):
    r"""Score by the cosine of a history vector and an item vector.

    The user tower averages the embeddings of the distinct items of the history, passes the mean through two linear
    layers with a ReLU between, and adds the mean. The item tower is a separate embedding::

        score(u, j) = cos(user vector of u, item vector of j)

    Each step draws pairs of a user and one of the user's items, and reads the user's history without that item. The
    loss is ``ContrastiveLoss``. The negatives are the items of the other pairs and items drawn from the whole
    catalogue; without the latter, items that nobody chose would never be pushed away. The score of a negative is
    corrected by the logarithm of its sampling probability. Items of the user's history are not used as
    negatives. Users without history have a score of 0 for every item.

    Parameters
    ----------
    embedding_dim
        Dimension of the vectors.
    hidden_dim
        Width of the hidden layer of the user tower.
    dropout
        Dropout of the mean of the history, in training.
    temperature
        Temperature of the loss, above 0.
    uniform_negatives
        Number of items per batch that are drawn uniformly from the whole catalogue.
    recipe
        Training options; an epoch draws each interaction once.
    seed
        Seed of the initial weights, the order of the examples and dropout; 0 or more.

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
        """Train both towers, and return their state dict.

        Raises
        ------
        HarnessError
            The loss is NaN or infinite, or no user has two items.
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
        """Return a scorer by products of vectors.

        Raises
        ------
        CheckpointError
            The tensors do not come from ``train`` on this catalogue.
        """
        from harness.models.neural.two_tower_network import scorer

        return scorer(self.towers(len(items)), tensors, device)

    def towers(self, n_items: int) -> Towers:
        """Return both towers with random weights."""
        from harness.models.neural.two_tower_network import Towers

        return Towers(n_items, self.embedding_dim, self.hidden_dim, self.dropout)
