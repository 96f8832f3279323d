"""Recommend with a trained ``Generative`` in bounded memory, and return its attention."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from harness.artifacts import NO_ITEM, Attention, ListRequest, RankedLists, UserBatch
from harness.artifacts.array_types import Int32Array
from harness.errors import HarnessError
from harness.memory import size_text
from harness.models.generative.beam_search import BeamSearchRequest, beam_search, bytes_of_user
from harness.models.generative.search_tree import ExcludedNodes, SearchTree, SemanticCatalogue
from harness.models.generative.seq2seq import SemanticTransformer
from harness.models.neural.padded_sequences import blocks
from harness.topk import is_out_of_memory

_USERS_AT_ONCE = 512  # enough users to mostly fill the blocks of histories of one length
_MOST_ROWS = 32  # users per search; more are not faster
_MEMORY = 512 << 20  # bytes per search


class GenerativeLists:
    """Recommender that makes lists by beam search.

    The last bits of a matrix product on a CPU depend on its shape. So each search has the same number of users, padded
    with empty ones. The number is halved until a search fits into memory: it depends on the network, the items and the
    beam, never on the batch.

    Parameters
    ----------
    network
        The network on its device, in eval mode.
    catalogue
        The semantic ids, on the same device.
    beam
        Number of prefixes that the search keeps; None: twice the length of the lists.
    memory
        Approximate memory of a search in bytes; a search for a single user may take more.
    """

    users_at_once = _USERS_AT_ONCE

    def __init__(
        self, network: nn.Module, catalogue: SemanticCatalogue, *, beam: int | None, memory: int = _MEMORY
    ) -> None:
        assert isinstance(network, SemanticTransformer)  # noqa: S101
        self._network, self._catalogue, self._beam, self._memory = network, catalogue, beam, memory

    def recommend(self, batch: UserBatch, asked: ListRequest) -> RankedLists:
        """Return the most probable items of each user.

        Raises
        ------
        HarnessError
            The beam is narrower than the lists, or a search does not fit into memory.
        """
        beam = 2 * asked.k if self._beam is None else self._beam
        if beam < asked.k:
            raise HarnessError(
                f"model.params.beam is {beam}, and lists of {asked.k} items are asked for (runner.k): a beam holds one "
                "item each. Use a beam of twice the list, or a smaller runner.k."
            )
        users, tree = len(batch.users), self._catalogue.tree(asked.allowed)
        items = np.full((users, asked.k), NO_ITEM, dtype=np.int32)
        scores = np.full((users, asked.k), -np.inf, dtype=np.float32)
        given, none = np.zeros(users, dtype=np.int32), np.zeros(users, dtype=np.int32)
        made = RankedLists(items, scores, given, none, none, none)
        if len(tree.tree.items) == 0:
            return made
        size = bytes_of_user(self._network.sizes, tree.tree, beam, number=self._network.start.element_size())
        rows = _MOST_ROWS
        while rows > 1 and rows * size > self._memory:
            rows //= 2
        try:
            self._fill(made, batch, asked, tree, beam=beam, rows=rows)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            raise HarnessError(
                f"a beam search for {rows} user{'s' if rows > 1 else ''} at once, with a beam of {beam:,} and up to "
                f"{max(self._network.sizes.codes):,} codes per level, takes about {size_text(rows * size)}, which "
                f"{self._catalogue.device} does not have. Use a narrower model.params.beam or a smaller runner.k."
            ) from error
        return made

    def _fill(
        self, made: RankedLists, batch: UserBatch, asked: ListRequest, tree: SearchTree, *, beam: int, rows: int
    ) -> None:
        """Fill in the lists of a batch, some users per search."""
        catalogue = self._catalogue
        for block in blocks(*batch.rows(), self._network.sizes.max_items, n_rows=rows):
            own = block.rows
            of_block = asked.of(own)
            barred = ExcludedNodes.of(
                tree.tree,
                seen=of_block.seen,
                lists=of_block.lists,
                n_items=len(catalogue.codes),
                device=catalogue.device,
            )
            context = self._network.context(
                catalogue.table[torch.from_numpy(block.items)], torch.from_numpy(block.real).to(catalogue.device)
            )
            keys = catalogue.user_keys(batch.users[own])
            found = beam_search(self._network, context, BeamSearchRequest(tree, barred, keys, asked.seed, beam))
            scores = found.scores[: len(own)]
            values = scores[:, : asked.k].float().cpu().numpy()
            places = found.places[: len(own), : asked.k].cpu().numpy()
            columns = np.arange(values.shape[1])
            made.items[own[:, None], columns] = np.where(values > -np.inf, tree.tree.items[places], NO_ITEM)
            made.scores[own[:, None], columns] = values
            made.given[own] = (scores > -torch.inf).sum(dim=1).cpu().numpy()

    def attention(self, batch: UserBatch, items: Int32Array, titles: Mapping[int, str]) -> Attention:
        """Return the attention of each item of a list to the user's history.

        Mean over layers and over the codes of an item; what an item of the history gets is the sum over its codes.
        """
        _, history = batch.rows()
        read, table = history[-self._network.sizes.max_items :], self._catalogue.table
        own = table[torch.from_numpy(read.astype(np.int64))].unsqueeze(0)  # (1, items, levels)
        written = table[torch.from_numpy(items.astype(np.int64))]  # (n, levels)
        weights = self._network.attention_weights(own, written)  # (layers, n, heads, levels, items)
        labels = tuple(titles[int(item)] for item in items)
        return Attention(weights.mean(dim=(0, 3)).transpose(0, 1).float().cpu().numpy(), read, labels, "list")
