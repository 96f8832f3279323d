"""The training of ``Generative``, and its tensors in a checkpoint."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from harness.artifacts import (
    JUDGED_AT,
    History,
    Lessons,
    Tensors,
    Training,
    Vocabulary,
)
from harness.artifacts.array_types import Int32Array, Int64Array
from harness.errors import CheckpointError, HarnessError
from harness.execution import hidden_progress
from harness.models.checkpoints.tensor_checks import REMEDY, load_module, require
from harness.models.generative.decoder import NetworkSizes
from harness.models.generative.generative_lists import GenerativeLists
from harness.models.generative.quantiser import QuantiserSizes, learnt_codes
from harness.models.generative.search_tree import SemanticCatalogue
from harness.models.generative.semantic_ids import n_colliding, with_extra_code
from harness.models.generative.seq2seq import SemanticTransformer
from harness.models.linear_algebra.cooccurrence_vectors import cooccurrence_vectors
from harness.models.neural.padded_sequences import alike, padded_rows
from harness.models.neural.training_loop import TrainingPlan, module_tensors, train_module, validation_judge
from harness.modules import SequenceLoss

if TYPE_CHECKING:
    from harness.models.generative.generative import Generative

_NETWORK = "network."  # what the names of the network's tensors begin with
_POSITIONS = "encoder.pos_encoding.pe"  # made anew, not kept


def network_of(model: Generative, codes: Int32Array) -> SemanticTransformer:
    """Return the network with its first weights."""
    return SemanticTransformer(
        NetworkSizes(
            codes=tuple(int(highest) + 1 for highest in codes.max(axis=0)),
            embedding_dim=model.embedding_dim,
            num_heads=model.num_heads,
            attn_dim=model.attn_dim,
            encoder_layers=model.encoder_layers,
            decoder_layers=model.decoder_layers,
            dropout=model.dropout,
            max_items=model.max_items,
        )
    )


def train(model: Generative, lessons: Lessons, training: Training) -> Tensors:
    """Return codes and the trained network's state."""

    def plan(history: History, codes: Int32Array) -> TrainingPlan:
        # One of the plan, so that its tree is made once and not each epoch.
        catalogue = SemanticCatalogue(codes, users=lessons.users, items=lessons.items, device=training.device)
        rows = np.flatnonzero(history.lengths >= 2)
        places = int(np.minimum(history.lengths[rows] - 1, model.targets_per_user).sum())
        return TrainingPlan(
            "generative",
            lambda: network_of(model, codes).to(training.device),
            lambda rng: _batches(history, rows, model, rng, training.device),
            math.ceil(places / model.recipe.batch_size),
            lambda module, batch: _loss(module, batch, catalogue.table),
            validation_judge(lessons, training, lambda module: GenerativeLists(module, catalogue, beam=2 * JUDGED_AT)),
            basis=hashlib.sha256(codes.tobytes()).hexdigest(),
        )

    if not (lessons.train.lengths >= 2).any():
        raise HarnessError("generative learns from one item to the next, and no user has two interactions.")
    # Of the training part alone while validation tells when to stop.
    learnt = _codes(model, lessons.train, lessons, training)
    codes, whole = with_extra_code(learnt), None
    on_train = plan(lessons.train, codes)
    if lessons.whole is not None:
        learnt = _codes(model, lessons.whole, lessons, training)
        codes = with_extra_code(learnt)
        whole = plan(lessons.whole, codes)
    module = train_module(on_train, whole, model.recipe, training, seed=model.seed)
    state = {f"{_NETWORK}{name}": tensor for name, tensor in module_tensors(module, without=(_POSITIONS,)).items()}
    return {"codes": codes, "levels": np.array([learnt.shape[1]], dtype=np.int32), **state}


def _codes(model: Generative, history: History, lessons: Lessons, training: Training) -> Int32Array:
    chosen = model.codes
    if chosen.vectors == "dataset":
        if lessons.item_vectors is None:
            raise HarnessError(
                "model.params.codes.vectors is 'dataset', and the data set has no vectors of items. Name their file in "
                "dataset.items.vectors, or use vectors: cooccurrence."
            )
        vectors = lessons.item_vectors
    else:
        with hidden_progress(hide=training.quiet):
            vectors = cooccurrence_vectors(history, chosen.dimension, seed=model.seed)
    sizes = QuantiserSizes(chosen.hidden_dim, chosen.latent_dim, chosen.levels, chosen.size, chosen.steps)
    return learnt_codes(vectors, sizes, seed=model.seed, device=training.device, quiet=training.quiet)


def _batches(
    history: History, rows: Int64Array, model: Generative, rng: np.random.Generator, device: str
) -> Iterator[tuple[torch.Tensor, ...]]:
    """Yield items of histories ``(batch, length)``, where they are real, and the items that follow ``(batch,)``."""
    counts = np.minimum(history.lengths[rows] - 1, model.targets_per_user)
    owners = np.repeat(rows, counts)
    # Places within each user's history, without repeats: the first few of a random order of 1 ... length - 1.
    places = np.concatenate(
        [1 + rng.permutation(length - 1)[:count] for length, count in zip(history.lengths[rows], counts, strict=True)]
    )
    stops = history.indptr[owners] + places
    lengths = np.minimum(places, model.max_items)
    for chosen in alike(rng.permutation(len(stops)), lengths, model.recipe.batch_size, rng):
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
    model: Generative, tensors: Tensors, *, users: Vocabulary, items: Vocabulary, device: str
) -> GenerativeLists:
    """Return the model of a checkpoint's tensors."""
    for name in ("codes", "levels"):
        if name not in tensors:
            raise CheckpointError(f"the checkpoint of kind generative holds no tensor '{name}'. {REMEDY}")
    codes = require(tensors, "codes", kind="generative", dtype=np.int32, shape=(len(items), None))
    if codes.shape[1] < 1 or codes.min(initial=0) < 0 or n_colliding(codes):
        raise CheckpointError(f"the tensor 'codes' of the generative checkpoint holds no semantic ids. {REMEDY}")
    state = {name.removeprefix(_NETWORK): tensor for name, tensor in tensors.items() if name.startswith(_NETWORK)}
    network = load_module(network_of(model, codes), state, kind="generative", made=(_POSITIONS,))
    catalogue = SemanticCatalogue(codes, users=users, items=items, device=device)
    return GenerativeLists(network.to(device), catalogue, beam=model.beam)
