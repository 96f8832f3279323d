"""The prefix tree of the items that a beam search may recommend, and the nodes excluded for each user."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from harness.artifacts import CandidateLists, Vocabulary
from harness.artifacts.array_types import BoolArray, Int32Array, Int64Array
from harness.models.generative.semantic_ids import PrefixTree
from harness.topk import TieOrder, signed_keys

_TREES = 2  # cached trees: of all items, and of those that a run may recommend


@dataclass(frozen=True, eq=False)
class SearchTree:
    """A prefix tree as tensors on a device, one per level; see ``TreeLevel``.

    Parameters
    ----------
    tree
        Tree of the items that may be recommended to anyone.
    children, codes
        The tensors of its levels.
    keys
        int64 ``(nodes,)`` per level: the bits of ``Vocabulary.keys`` of the first item below each node.
    """

    tree: PrefixTree
    children: tuple[torch.Tensor, ...]
    codes: tuple[torch.Tensor, ...]
    keys: tuple[torch.Tensor, ...]

    @classmethod
    def of(cls, tree: PrefixTree, items: Vocabulary, device: torch.device | str) -> SearchTree:
        """Return a tree on a device."""
        keys = items.keys[tree.items]
        return cls(
            tree,
            tuple(torch.from_numpy(level.children).to(device) for level in tree.levels),
            tuple(torch.from_numpy(level.codes).to(device) for level in tree.levels),
            tuple(signed_keys(keys[level.starts[:-1]], device) for level in tree.levels),
        )


@dataclass(frozen=True, eq=False)
class NodeOrder(TieOrder):
    """Order of tied prefixes: by the hash of (seed, external user id, external id of the first item below).

    Parameters
    ----------
    item_keys
        int64 ``(nodes,)``: as ``SearchTree.keys``.
    nodes
        int64 ``(batch, columns)``: the node that each column of the scores stands for, by user.
    """

    nodes: torch.Tensor

    def keys(self, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
        """Return int64 keys of pairs of a row and a column that broadcast; the smallest comes first."""
        return super().keys(rows, self.nodes[rows, columns])


@dataclass(frozen=True, eq=False)
class ExcludedNodes:
    """Nodes of each level below which a user has no item to recommend.

    Parameters
    ----------
    keys
        int64 ascending, one tensor per level: ``user x nodes + node``.
    listed
        Whether the keys are those of the allowed nodes, and all others are excluded.
    """

    keys: tuple[torch.Tensor, ...]
    listed: bool

    @classmethod
    def of(
        cls,
        tree: PrefixTree,
        *,
        seen: CandidateLists | None,
        lists: CandidateLists | None,
        n_items: int,
        device: torch.device | str,
    ) -> ExcludedNodes:
        """Return the excluded nodes of the users of a batch.

        Parameters
        ----------
        tree
            Tree of the items that may be recommended to anyone.
        seen
            Items that must not be recommended to each user; None for none.
        lists
            The only items that may be recommended to each user; None for all.
        n_items
            Size of the catalogue.
        device
            Where the search runs.
        """
        place = np.full(n_items, -1, dtype=np.int64)
        place[tree.items] = np.arange(len(tree.items))
        places = _pairs(seen, place, len(tree.items))
        if lists is not None:
            places = np.setdiff1d(_pairs(lists, place, len(tree.items)), places, assume_unique=True)
        users, positions = places // max(1, len(tree.items)), places % max(1, len(tree.items))
        keys = []
        for level in tree.levels:
            found, counts = np.unique(users * len(level.codes) + level.node_of[positions], return_counts=True)
            if lists is None:
                sizes = np.diff(level.starts)[found % max(1, len(level.codes))]
                found = found[counts == sizes]  # all items below are excluded
            keys.append(torch.from_numpy(found).to(device))
        return cls(tuple(keys), lists is not None)

    def of_nodes(self, level: int, nodes: torch.Tensor, n_nodes: int) -> torch.Tensor | None:
        """Return a bool of the same shape, whether nodes ``(users, …)`` are excluded; None if none is."""
        keys = self.keys[level]
        if len(keys) == 0:
            return torch.ones_like(nodes, dtype=torch.bool) if self.listed else None
        users = torch.arange(len(nodes), device=nodes.device).view(-1, *([1] * (nodes.dim() - 1)))
        wanted = users * n_nodes + nodes
        found = torch.searchsorted(keys, wanted).clamp_(max=len(keys) - 1)
        return (keys[found] == wanted) ^ self.listed


def _pairs(lists: CandidateLists | None, place: Int64Array, n_items: int) -> Int64Array:
    """Return the distinct ``user x items + place`` of pairs, ascending, without items that have no place."""
    if lists is None:
        return np.empty(0, dtype=np.int64)
    users = np.repeat(np.arange(len(lists.indptr) - 1), np.diff(lists.indptr))
    places = place[lists.items]
    return np.unique((users * n_items + places)[places >= 0])


class SemanticCatalogue:
    """Semantic ids of a catalogue on a device.

    Parameters
    ----------
    codes
        int32 ``(items, levels)``, all different.
    users, items
        The vocabularies, whose external ids break ties.
    device
        Device of torch.
    """

    def __init__(self, codes: Int32Array, *, users: Vocabulary, items: Vocabulary, device: torch.device | str) -> None:
        self.codes, self.device = codes, torch.device(device)
        self.table = torch.from_numpy(codes.astype(np.int64)).to(device)  # (items, levels)
        self._users, self._items = users, items
        self._trees: dict[bytes | None, SearchTree] = {}

    def tree(self, allowed: BoolArray | None) -> SearchTree:
        """Return the cached tree of the items that may be recommended, bool ``(items,)``, or of all items."""
        key = None if allowed is None else allowed.tobytes()
        if key not in self._trees:
            while len(self._trees) >= _TREES:
                del self._trees[next(iter(self._trees))]  # the oldest
            chosen = None if allowed is None else np.flatnonzero(allowed)
            self._trees[key] = SearchTree.of(PrefixTree.of(self.codes, chosen), self._items, self.device)
        return self._trees[key]

    def user_keys(self, users: Int64Array) -> torch.Tensor:
        """Return int64 ``(n,)``: the bits of ``Vocabulary.keys`` of some users."""
        return signed_keys(self._users.keys[users], self.device)
