"""The training of ``Generative``, and how it makes lists."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from harness.artifacts import (
    NO_ITEM,
    Attention,
    CandidateLists,
    History,
    Lessons,
    ListsAsked,
    ListsMade,
    Tensors,
    Training,
    UserBatch,
)
from harness.artifacts.arrays import Int32Array, Int64Array
from harness.errors import CheckpointError, HarnessError
from harness.models.beam_search import Barred, TreeOnDevice, beam_search
from harness.models.cooccurrence import cooccurrence_vectors
from harness.models.quantiser import QuantiserSizes, learnt_codes
from harness.models.semantic_ids import PrefixTree, n_colliding, with_extra_code
from harness.models.seq2seq import NetworkSizes, SemanticTransformer
from harness.models.sequences import alike, blocks, padded_rows
from harness.models.tensors import REMEDY, load_module, require
from harness.models.training import Course, tensors_of, trained
from harness.models.validation import CUTOFF, Judge
from harness.modules import SequenceLoss

if TYPE_CHECKING:
    from harness.models.generative import Generative

_NETWORK = "network."  # what the names of the network's tensors begin with
_POSITIONS = "encoder.pos_encoding.pe"  # made anew, not kept
_USERS_AT_ONCE = 512  # whose blocks of histories of one length are mostly full
_ROWS = 32  # users a search
_SHOWN = 10  # items whose attention is shown


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
    judge = Judge(lessons)

    def course(history: History, codes: Int32Array) -> Course:
        table = torch.from_numpy(codes.astype(np.int64)).to(training.device)
        rows = np.flatnonzero(history.lengths >= 2)
        places = int(np.minimum(history.lengths[rows] - 1, model.targets_per_user).sum())
        return Course(
            "generative",
            lambda: network_of(model, codes).to(training.device),
            lambda rng: _batches(history, rows, model, rng, training.device),
            math.ceil(places / model.recipe.batch_size),
            lambda module, batch: _loss(module, batch, table),
            None
            if lessons.validation is None
            else lambda module: judge(GenerativeLists(module, codes, beam=2 * CUTOFF), training.device),
        )

    if not (lessons.train.lengths >= 2).any():
        raise HarnessError("generative learns from one item to the next, and no user has two interactions.")
    # Of the training part alone while validation tells when to stop.
    learnt = _codes(model, lessons.train, lessons, training)
    codes, whole = with_extra_code(learnt), None
    on_train = course(lessons.train, codes)
    if lessons.whole is not None:
        learnt = _codes(model, lessons.whole, lessons, training)
        codes = with_extra_code(learnt)
        whole = course(lessons.whole, codes)
    module = trained(on_train, whole, model.recipe, training, seed=model.seed)
    state = {f"{_NETWORK}{name}": tensor for name, tensor in tensors_of(module, without=(_POSITIONS,)).items()}
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


class GenerativeLists:
    """Lists by beam search.

    Parameters
    ----------
    network
        On its device, in eval mode.
    codes
        int32 ``(items, levels)``, all different.
    beam
        None: twice the length of the lists.
    """

    users_at_once = _USERS_AT_ONCE

    def __init__(self, network: nn.Module, codes: Int32Array, *, beam: int | None) -> None:
        assert isinstance(network, SemanticTransformer)  # noqa: S101
        self._network, self._codes, self._beam = network, codes, beam
        self._table = torch.from_numpy(codes.astype(np.int64)).to(self._device)
        self._max_items = network.sizes.max_items

    @property
    def _device(self) -> torch.device:
        return self._network.start.device

    def recommend(self, batch: UserBatch, asked: ListsAsked) -> ListsMade:
        """Return the most probable items of each user.

        Raises
        ------
        HarnessError
            The beam is narrower than the lists.
        """
        beam = 2 * asked.k if self._beam is None else self._beam
        if beam < asked.k:
            raise HarnessError(
                f"model.params.beam is {beam}, and lists of {asked.k} items are asked for (runner.k): a beam holds one "
                "item each. Use a beam of twice the list, or a smaller runner.k."
            )
        users = len(batch.users)
        items = np.full((users, asked.k), NO_ITEM, dtype=np.int32)
        scores = np.full((users, asked.k), -np.inf, dtype=np.float32)
        given = np.zeros(users, dtype=np.int32)
        tree = self._tree(None if asked.allowed is None else asked.allowed.tobytes())
        for block in blocks(*batch.rows(), self._max_items, n_rows=_ROWS):
            rows = block.rows
            barred = Barred.of(
                tree.tree,
                seen=None if asked.seen is None else asked.seen.of(rows),
                lists=None if asked.lists is None else asked.lists.of(rows),
                n_items=len(self._codes),
                device=self._device,
            )
            context = self._network.context(
                self._table[torch.from_numpy(block.items)], torch.from_numpy(block.real).to(self._device)
            )
            found = beam_search(self._network, context, tree, barred, beam=beam)
            values = found.scores[: len(rows), : asked.k].float().cpu().numpy()
            places = found.places[: len(rows), : asked.k].cpu().numpy()
            real = values > -np.inf
            width = values.shape[1]
            items[rows[:, None], np.arange(width)] = np.where(real, tree.tree.items[places], NO_ITEM)
            scores[rows[:, None], np.arange(width)] = values
            given[rows] = (found.scores[: len(rows)] > -torch.inf).sum(dim=1).cpu().numpy()
        none = np.zeros(users, dtype=np.int32)
        return ListsMade(items, scores, given, none, none, none)

    def attention(self, batch: UserBatch, titles: Mapping[int, str]) -> Attention:
        """Return what each of the best items attends to in the user's history.

        Mean over layers and over the codes of an item; what an item of the history gets is the sum over its codes.
        """
        _, history = batch.rows()
        items = history[-self._max_items :]
        indptr = np.array([0, len(history)], dtype=np.int64)
        made = self.recommend(batch, ListsAsked(_SHOWN, CandidateLists(indptr, history)))
        best = made.items[0][made.items[0] != NO_ITEM]
        own = self._table[torch.from_numpy(items.astype(np.int64)).to(self._device)].unsqueeze(0)
        weights = self._network.attention_weights(own, self._table[torch.from_numpy(best.astype(np.int64))])
        labels = tuple(titles.get(int(item), str(item)) for item in best)
        # (layers, n, heads, levels, items) -> (heads, n, items)
        return Attention(weights.mean(dim=(0, 3)).transpose(0, 1).float().cpu().numpy(), items, labels)

    @functools.lru_cache(maxsize=2)  # noqa: B019  (a recommender lives as long as its run)
    def _tree(self, allowed: bytes | None) -> TreeOnDevice:
        items = None if allowed is None else np.flatnonzero(np.frombuffer(allowed, dtype=np.bool_))
        return TreeOnDevice.of(PrefixTree.of(self._codes, items), self._device)


def recommender(model: Generative, tensors: Tensors, n_items: int, device: str) -> GenerativeLists:
    """Return the model of a checkpoint's tensors."""
    for name in ("codes", "levels"):
        if name not in tensors:
            raise CheckpointError(f"the checkpoint of kind generative holds no tensor '{name}'. {REMEDY}")
    codes = require(tensors, "codes", kind="generative", dtype=np.int32, shape=(n_items, None))
    if codes.shape[1] < 1 or codes.min(initial=0) < 0 or n_colliding(codes):
        raise CheckpointError(f"the tensor 'codes' of the generative checkpoint holds no semantic ids. {REMEDY}")
    state = {name.removeprefix(_NETWORK): tensor for name, tensor in tensors.items() if name.startswith(_NETWORK)}
    network = load_module(network_of(model, codes), state, kind="generative", made=(_POSITIONS,))
    return GenerativeLists(network.to(device), codes, beam=model.beam)
