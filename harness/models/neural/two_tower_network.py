"""Train the towers of ``TwoTower``, and score with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from harness.artifacts import History, Tensors, TrainingData, TrainingOptions, UserBatch
from harness.errors import HarnessError
from harness.models.checkpoints.tensor_checks import load_module
from harness.models.neural.padded_sequences import BLOCK_ROWS
from harness.models.neural.recipe import Recipe
from harness.models.neural.training_loop import TrainingPlan, module_tensors, train_module, validation_judge
from harness.modules import ContrastiveLoss, ModelUtils

if TYPE_CHECKING:
    import scipy.sparse as sp


class Towers(nn.Module):
    """The user tower and the item tower.

    Parameters
    ----------
    n_items
        Size of the catalogue.
    embedding_dim
        Dimension of the vectors.
    hidden_dim
        Width of the hidden layer of the user tower.
    dropout
        Share of the mean of the history that is dropped in training.
    """

    def __init__(self, n_items: int, embedding_dim: int, hidden_dim: int, dropout: float) -> None:
        super().__init__()
        self.history = nn.Embedding(n_items, embedding_dim)
        self.item = nn.Embedding(n_items, embedding_dim)
        self.inner = nn.Linear(embedding_dim, hidden_dim)
        self.outer = nn.Linear(hidden_dim, embedding_dim)
        self.dropout = nn.Dropout(dropout)
        ModelUtils.initialize_weights(self, "xavier")

    def users(self, items: torch.Tensor, indptr: torch.Tensor) -> torch.Tensor:
        """Return unit vectors ``(rows, dimension)`` of bags of items; zeros for an empty bag.

        Parameters
        ----------
        items
            int64 ``(n,)``.
        indptr
            int64 ``(rows + 1,)``.
        """
        mean = F.embedding_bag(items, self.history.weight, indptr, mode="mean", include_last_offset=True)
        hidden = torch.relu(self.inner(self.dropout(mean)))  # (rows, hidden)
        vectors = mean + self.outer(hidden)
        empty = (indptr[1:] == indptr[:-1]).unsqueeze(1)
        return F.normalize(vectors, dim=1).masked_fill(empty, 0)


def train(
    towers: Callable[[], Towers],
    data: TrainingData,
    training: TrainingOptions,
    *,
    recipe: Recipe,
    temperature: float,
    uniform_negatives: int,
    seed: int,
) -> Tensors:
    """Train both towers, and return their state dict.

    Parameters
    ----------
    towers
        Makes towers with random weights.
    data, training
        The data, and where the training runs.
    recipe
        How long and how fast they are trained.
    temperature
        Temperature of the loss.
    uniform_negatives
        Number of items per batch that are drawn from the whole catalogue.
    seed
        Seed of the weights, of the order of the examples and of dropout.
    """
    loss = ContrastiveLoss(temperature)

    def plan(history: History) -> TrainingPlan:
        pairs = _InteractionPairs.of(history, uniform_negatives)
        return TrainingPlan(
            "two_tower",
            lambda: towers().to(training.device),
            lambda rng: pairs.batches(recipe.batch_size, rng, training.device),
            math.ceil(len(pairs.users) / recipe.batch_size),
            lambda module, batch: _loss(module, batch, loss),
            validation_judge(data, training, TowerScorer),
        )

    whole = None if data.whole is None else plan(data.whole)
    return module_tensors(train_module(plan(data.train), whole, recipe, training, seed=seed))


class _InteractionPairs:
    """Training pairs of users, with at least two items, and one of their items; and sampled negatives.

    Parameters
    ----------
    matrix
        The interactions, ``(users, items)``.
    users, items
        int64 ``(pairs,)``.
    uniform
        Number of items per batch that are drawn from the whole catalogue.
    """

    def __init__(self, matrix: sp.csr_array, users: np.ndarray, items: np.ndarray, uniform: int) -> None:
        self.matrix, self.users, self.items, self.uniform = matrix, users, items, uniform
        self._shares = np.bincount(items, minlength=matrix.shape[1]) / len(items)

    @classmethod
    def of(cls, history: History, uniform: int) -> _InteractionPairs:
        matrix = history.matrix
        users = np.repeat(np.arange(history.n_users), np.diff(matrix.indptr))
        kept = np.diff(matrix.indptr)[users] >= 2
        if not kept.any():
            raise HarnessError("two_tower learns an item from the other items of its user, and no user has two items.")
        return cls(matrix, users[kept], matrix.indices[kept].astype(np.int64), uniform)

    def batches(self, size: int, rng: np.random.Generator, device: str) -> Iterator[tuple[torch.Tensor, ...]]:
        """Yield bags (items, indptr), items ``(batch + uniform,)`` and logit offsets ``(batch, batch + uniform)``.

        The first items are the positives of the users of the batch, in order; each is a negative of the other users.
        """
        order = rng.permutation(len(self.users))
        n_items = self.matrix.shape[1]
        for start in range(0, len(order), size):
            chosen = order[start : start + size]
            positives = self.items[chosen]
            rows = self.matrix[self.users[chosen]]  # (batch, items)
            owners = np.repeat(np.arange(len(chosen)), np.diff(rows.indptr))
            others = rows.indices != positives[owners]  # the bag is the history without the positive
            indptr = np.concatenate([[0], np.cumsum(np.diff(rows.indptr) - 1)])
            items = np.concatenate([positives, rng.integers(0, n_items, self.uniform)])
            # Probability that an item is drawn, as a positive or from the catalogue, in batches of this size.
            drawn = (len(chosen) * self._shares[items] + self.uniform / n_items) / len(items)
            log_drawn = np.log(drawn)
            offsets = log_drawn[: len(chosen), None] - log_drawn[None, :]
            # The user's items, including the positive, are not used as negatives.
            own = np.asarray(rows[:, items].todense()) > 0
            offsets = np.where(own, -np.inf, offsets).astype(np.float32)
            parts = (rows.indices[others].astype(np.int64), indptr.astype(np.int64), items, offsets)
            yield tuple(torch.from_numpy(np.ascontiguousarray(part)).to(device) for part in parts)


def _loss(module: nn.Module, batch: tuple[torch.Tensor, ...], loss: ContrastiveLoss) -> torch.Tensor:
    assert isinstance(module, Towers)  # noqa: S101
    history, indptr, items, offsets = batch
    users, vectors = module.users(history, indptr), module.item(items)  # (batch, D), (batch + uniform, D)
    negatives = vectors.unsqueeze(0).expand(len(users), -1, -1)  # (batch, batch + uniform, D), shared
    result: torch.Tensor = loss(users, vectors[: len(users)], negatives, negative_logits=offsets)
    return result


class TowerScorer:
    """Scorer by products of unit vectors of users and items.

    Parameters
    ----------
    towers
        The towers on their device, in eval mode.
    """

    def __init__(self, towers: nn.Module) -> None:
        assert isinstance(towers, Towers)  # noqa: S101
        self._towers = towers

    def user_vectors(self, batch: UserBatch) -> torch.Tensor:
        """Return float32 ``(batch, dimension)``; blocks of one shape keep rows independent of the batch."""
        device, found = self._towers.item.weight.device, []
        history = batch.matrix
        for start in range(0, len(batch.users), BLOCK_ROWS):
            rows = history[start : start + BLOCK_ROWS]
            items = torch.from_numpy(rows.indices.astype(np.int64)).to(device)
            missing = BLOCK_ROWS - rows.shape[0]
            indptr = torch.from_numpy(np.pad(rows.indptr.astype(np.int64), (0, missing), mode="edge")).to(device)
            found.append(self._towers.users(items, indptr)[: rows.shape[0]])
        return torch.cat(found) if found else torch.empty((0, self._towers.item.weight.shape[1]), device=device)

    def item_vectors(self) -> torch.Tensor:
        """Return float32 ``(items, dimension)``."""
        return F.normalize(self._towers.item.weight, dim=1)


def scorer(towers: Towers, tensors: Tensors, device: str) -> TowerScorer:
    """Return the scorer of a checkpoint: towers that take over its tensors."""
    return TowerScorer(load_module(towers, tensors, kind="two_tower").to(device))
