"""Train the network of ``Sequential``, and score with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch
from torch import nn

from harness.artifacts import Attention, History, Tensors, TrainingData, TrainingOptions, UserBatch
from harness.artifacts.array_types import Int32Array
from harness.errors import HarnessError
from harness.models.checkpoints.tensor_checks import load_module
from harness.models.neural.padded_sequences import alike, blocks, padded_rows
from harness.models.neural.recipe import Recipe
from harness.models.neural.training_loop import TrainingPlan, module_tensors, train_module, validation_judge
from harness.modules import SequenceLoss, TransformerEncoder

_POSITIONS = "pos_encoding.pe"  # computed from the sizes, so that checkpoints do not hold it


def train(
    encoder: Callable[[], TransformerEncoder],
    data: TrainingData,
    training: TrainingOptions,
    *,
    recipe: Recipe,
    max_length: int,
    label_smoothing: float,
    seed: int,
) -> Tensors:
    """Train an encoder to predict the next item, and return its state dict.

    Parameters
    ----------
    encoder
        Makes an encoder with random weights.
    data, training
        The data, and where the training runs.
    recipe
        How long and how fast it is trained.
    max_length
        Number of items that a training sequence has at most.
    label_smoothing
        Share of the target that is spread over the catalogue.
    seed
        Seed of the weights, of the order of the examples and of dropout.
    """
    loss = SequenceLoss(len(data.items), label_smoothing=label_smoothing)

    def plan(history: History) -> TrainingPlan:
        rows = np.flatnonzero(history.lengths >= 2)
        if len(rows) == 0:
            raise HarnessError("sequential learns from one item to the next, and no user has two interactions.")
        return TrainingPlan(
            "sequential",
            lambda: encoder().to(training.device),
            lambda rng: _batches(history, rows, max_length, recipe.batch_size, rng, training.device),
            math.ceil(len(rows) / recipe.batch_size),
            lambda module, batch: _loss(module, batch, loss),
            validation_judge(data, training, SequentialScorer),
        )

    whole = None if data.whole is None else plan(data.whole)
    module = train_module(plan(data.train), whole, recipe, training, seed=seed)
    return module_tensors(module, without=(_POSITIONS,))


def _batches(
    history: History, rows: np.ndarray, max_length: int, size: int, rng: np.random.Generator, device: str
) -> Iterator[tuple[torch.Tensor, ...]]:
    """Yield items, next items and a mask, ``(batch, length)`` each; long histories are cut to a random window."""
    for chosen in alike(rng.permutation(rows), history.lengths, size, rng):
        lengths = np.minimum(history.lengths[chosen], max_length + 1)
        spare = history.lengths[chosen] - lengths
        # A random end of the window, so that training uses each part of a long history.
        stops = history.indptr[chosen + 1] - rng.integers(0, spare + 1)
        table, real = padded_rows(stops, lengths, history.items, int(lengths.max()))
        parts = (table[:, :-1], table[:, 1:], real[:, 1:])
        yield tuple(torch.from_numpy(np.ascontiguousarray(part)).to(device) for part in parts)


def _loss(module: nn.Module, batch: tuple[torch.Tensor, ...], loss: SequenceLoss) -> torch.Tensor:
    items, following, real = batch
    # Only real positions: the catalogue is wide, and half of a batch may be padding.
    hidden = module(items, real)[real]  # (n, D)
    assert isinstance(module, TransformerEncoder)  # noqa: S101
    logits = hidden @ module.embedding.weight.T / math.sqrt(hidden.shape[-1])  # (n, items)
    result: torch.Tensor = loss(logits.unsqueeze(0), following[real].unsqueeze(0))["loss"]
    return result


class SequentialScorer:
    """Scorer by products of the encoder's output at the last position and the item embeddings.

    Parameters
    ----------
    encoder
        The encoder on its device, in eval mode.
    """

    def __init__(self, encoder: nn.Module) -> None:
        assert isinstance(encoder, TransformerEncoder)  # noqa: S101
        self._encoder = encoder
        self._max_length = encoder.pos_encoding.pe.shape[1]
        self._scale = 1 / math.sqrt(encoder.embedding.embedding_dim)

    def user_vectors(self, batch: UserBatch) -> torch.Tensor:
        """Return float32 ``(batch, dimension)``."""
        weight = self._encoder.embedding.weight
        vectors = torch.zeros((len(batch.users), weight.shape[1]), device=weight.device)
        for block in blocks(*batch.rows(), self._max_length):
            items = torch.from_numpy(block.items).to(weight.device)
            real = torch.from_numpy(block.real).to(weight.device)
            hidden = self._encoder(items, real)  # (BLOCK_ROWS, length, D)
            last = hidden[torch.arange(len(hidden)), torch.from_numpy(block.last)]  # (BLOCK_ROWS, D)
            vectors[torch.from_numpy(block.rows)] = last[: len(block.rows)] * self._scale
        return vectors

    def item_vectors(self) -> torch.Tensor:
        """Return float32 ``(items, dimension)``."""
        return self._encoder.embedding.weight

    def attention(self, batch: UserBatch, items: Int32Array, titles: Mapping[int, str]) -> Attention:
        """Return the attention between positions of the user's history, averaged over layers, per head."""
        _, history = batch.rows()
        read = history[-self._max_length :]
        ids = torch.from_numpy(read.astype(np.int64)).unsqueeze(0)
        weights = self._encoder.attention_weights(ids.to(self._encoder.embedding.weight.device))
        labels = tuple(titles[int(item)] for item in read)
        return Attention(weights[0].mean(dim=0).float().cpu().numpy(), read, labels, "inputs")


def scorer(encoder: TransformerEncoder, tensors: Tensors, device: str) -> SequentialScorer:
    """Return the scorer of a checkpoint: an encoder that takes over its tensors."""
    return SequentialScorer(load_module(encoder, tensors, kind="sequential", made=(_POSITIONS,)).to(device))
