"""Train ``Generative``, and load it from the tensors of a checkpoint."""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import nn

from harness.artifacts import (
    VALIDATION_CUTOFF,
    History,
    Tensors,
    TrainingData,
    TrainingOptions,
    Vocabulary,
)
from harness.artifacts.array_types import Int32Array, Int64Array
from harness.errors import CheckpointError, HarnessError
from harness.execution import hidden_progress
from harness.models.checkpoints.tensor_checks import REMEDY, load_module, require
from harness.models.generative.generative_lists import GenerativeLists
from harness.models.generative.generative_options import CodeOptions
from harness.models.generative.quantiser import learnt_codes
from harness.models.generative.search_tree import SemanticCatalogue
from harness.models.generative.semantic_ids import n_colliding, with_extra_code
from harness.models.generative.seq2seq import SemanticTransformer
from harness.models.linear_algebra.cooccurrence_vectors import cooccurrence_vectors
from harness.models.neural.padded_sequences import alike, padded_rows
from harness.models.neural.recipe import Recipe
from harness.models.neural.training_loop import TrainingPlan, module_tensors, train_module, validation_judge
from harness.modules import SequenceLoss

_NETWORK = "network."  # what the names of the network's tensors begin with
_POSITIONS = "encoder.pos_encoding.pe"  # computed from the sizes, so that checkpoints do not hold it


def train(
    network: Callable[[Int32Array], SemanticTransformer],
    data: TrainingData,
    training: TrainingOptions,
    *,
    options: CodeOptions,
    recipe: Recipe,
    max_items: int,
    targets_per_user: int,
    seed: int,
) -> Tensors:
    """Learn the items' codes, train a network to write them, and return both.

    Parameters
    ----------
    network
        Makes a network with random weights for items of the given codes, int32 ``(items, levels)``.
    data, training
        The data, and where the training runs.
    options
        How items get their codes.
    recipe
        How long and how fast the network is trained.
    max_items
        Number of items of a history that the network reads.
    targets_per_user
        Number of positions of a history that each epoch draws.
    seed
        Seed of the codes, of the weights, of the order of the examples and of dropout.
    """

    def plan(history: History, codes: Int32Array) -> TrainingPlan:
        # One catalogue per plan, so that its tree is built once and not in each epoch.
        catalogue = SemanticCatalogue(codes, users=data.users, items=data.items, device=training.device)
        rows = np.flatnonzero(history.lengths >= 2)
        places = int(np.minimum(history.lengths[rows] - 1, targets_per_user).sum())
        return TrainingPlan(
            "generative",
            lambda: network(codes).to(training.device),
            lambda rng: batches(history, rows, rng),
            math.ceil(places / recipe.batch_size),
            lambda module, batch: _loss(module, batch, catalogue.table),
            validation_judge(
                data, training, lambda module: GenerativeLists(module, catalogue, beam=2 * VALIDATION_CUTOFF)
            ),
            basis=hashlib.sha256(codes.tobytes()).hexdigest(),
        )

    batches = functools.partial(
        _batches,
        max_items=max_items,
        targets_per_user=targets_per_user,
        size=recipe.batch_size,
        device=training.device,
    )
    if not (data.train.lengths >= 2).any():
        raise HarnessError("generative learns from one item to the next, and no user has two interactions.")
    # While validation decides when to stop, the codes come from the training part only.
    learnt = _codes(options, data.train, data, training, seed)
    codes, whole = with_extra_code(learnt), None
    on_train = plan(data.train, codes)
    if data.whole is not None:
        learnt = _codes(options, data.whole, data, training, seed)
        codes = with_extra_code(learnt)
        whole = plan(data.whole, codes)
    module = train_module(on_train, whole, recipe, training, seed=seed)
    state = {f"{_NETWORK}{name}": tensor for name, tensor in module_tensors(module, without=(_POSITIONS,)).items()}
    return {"codes": codes, "levels": np.array([learnt.shape[1]], dtype=np.int32), **state}


def _codes(
    options: CodeOptions, history: History, data: TrainingData, training: TrainingOptions, seed: int
) -> Int32Array:
    if options.vectors == "dataset":
        if data.item_vectors is None:
            raise HarnessError(
                "model.params.codes.vectors is 'dataset', and the data set has no vectors of items. Name their file in "
                "dataset.items.vectors, or use vectors: cooccurrence."
            )
        vectors = data.item_vectors
    else:
        with hidden_progress(hide=training.quiet):
            vectors = cooccurrence_vectors(history, options.dimension, seed=seed)
    return learnt_codes(vectors, options, seed=seed, device=training.device, quiet=training.quiet)


def _batches(
    history: History,
    rows: Int64Array,
    rng: np.random.Generator,
    *,
    max_items: int,
    targets_per_user: int,
    size: int,
    device: str,
) -> Iterator[tuple[torch.Tensor, ...]]:
    """Yield histories ``(batch, length)``, a mask of their items, and the next items ``(batch,)``."""
    counts = np.minimum(history.lengths[rows] - 1, targets_per_user)
    owners = np.repeat(rows, counts)
    # Distinct positions within each user's history: the first few of a random order of 1 ... length - 1.
    places = np.concatenate(
        [1 + rng.permutation(length - 1)[:count] for length, count in zip(history.lengths[rows], counts, strict=True)]
    )
    stops = history.indptr[owners] + places
    lengths = np.minimum(places, max_items)
    for chosen in alike(rng.permutation(len(stops)), lengths, size, rng):
        table, real = padded_rows(stops[chosen], lengths[chosen], history.items, int(lengths[chosen].max()))
        following = history.items[stops[chosen]].astype(np.int64)
        yield tuple(torch.from_numpy(np.ascontiguousarray(part)).to(device) for part in (table, real, following))


def _loss(module: nn.Module, batch: tuple[torch.Tensor, ...], codes: torch.Tensor) -> torch.Tensor:
    items, real, following = batch
    targets = codes[following]  # (batch, levels)
    logits = module(codes[items], real, targets)  # (batch, levels, widest)
    result: torch.Tensor = SequenceLoss(logits.shape[2])(logits, targets)["loss"]
    return result


def recommender(
    network: Callable[[Int32Array], SemanticTransformer],
    tensors: Tensors,
    *,
    users: Vocabulary,
    items: Vocabulary,
    beam: int | None,
    device: str,
) -> GenerativeLists:
    """Return the recommender of a checkpoint: a network, made for its codes, that takes over its tensors."""
    for name in ("codes", "levels"):
        if name not in tensors:
            raise CheckpointError(f"the checkpoint of kind generative holds no tensor '{name}'. {REMEDY}")
    codes = require(tensors, "codes", kind="generative", dtype=np.int32, shape=(len(items), None))
    if codes.shape[1] < 1 or codes.min(initial=0) < 0 or n_colliding(codes):
        raise CheckpointError(f"the tensor 'codes' of the generative checkpoint holds no semantic ids. {REMEDY}")
    state = {name.removeprefix(_NETWORK): tensor for name, tensor in tensors.items() if name.startswith(_NETWORK)}
    module = load_module(network(codes), state, kind="generative", made=(_POSITIONS,))
    catalogue = SemanticCatalogue(codes, users=users, items=items, device=device)
    return GenerativeLists(module.to(device), catalogue, beam=beam)
