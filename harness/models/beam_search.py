"""Constrained beam search: the best semantic ids of a catalogue, over users and beams at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from harness.artifacts import CandidateLists
from harness.artifacts.arrays import Int64Array
from harness.models.semantic_ids import PrefixTree
from harness.models.seq2seq import Context, SemanticTransformer


@dataclass(frozen=True, eq=False)
class TreeOnDevice:
    """A prefix tree as tensors, a level each; see ``Level``."""

    tree: PrefixTree
    children: tuple[torch.Tensor, ...]
    codes: tuple[torch.Tensor, ...]

    @classmethod
    def of(cls, tree: PrefixTree, device: torch.device) -> TreeOnDevice:
        """Return the tree on a device."""
        return cls(
            tree,
            tuple(torch.from_numpy(level.children).to(device) for level in tree.levels),
            tuple(torch.from_numpy(level.codes).to(device) for level in tree.levels),
        )


@dataclass(frozen=True, eq=False)
class Barred:
    """Which nodes of each level lead a user nowhere.

    Parameters
    ----------
    keys
        int64 ascending, a tensor a level: ``user x nodes + node``.
    listed
        Whether the keys are those of nodes that lead somewhere, all others being barred.
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
        device: torch.device,
    ) -> Barred:
        """Return what is barred for the users of a batch.

        Parameters
        ----------
        tree
            Of the items that may be recommended at all.
        seen
            What each user may not be recommended; None for nothing.
        lists
            What alone each user may be recommended; None for everything.
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
                found = found[counts == sizes]  # nothing else is left below
            keys.append(torch.from_numpy(found).to(device))
        return cls(tuple(keys), lists is not None)

    def of_nodes(self, level: int, nodes: torch.Tensor, n_nodes: int) -> torch.Tensor | None:
        """Return whether nodes ``(users, …)`` are barred, a bool of that shape; None where none is."""
        keys = self.keys[level]
        if len(keys) == 0:
            return torch.ones_like(nodes, dtype=torch.bool) if self.listed else None
        users = torch.arange(len(nodes), device=nodes.device).view(-1, *([1] * (nodes.dim() - 1)))
        wanted = users * n_nodes + nodes
        found = torch.searchsorted(keys, wanted).clamp_(max=len(keys) - 1)
        return (keys[found] == wanted) ^ self.listed


def _pairs(lists: CandidateLists | None, place: Int64Array, n_items: int) -> Int64Array:
    """Return ``user x items + place`` of each pair, ascending, each once; items without a place are left out."""
    if lists is None:
        return np.empty(0, dtype=np.int64)
    users = np.repeat(np.arange(len(lists.indptr) - 1), np.diff(lists.indptr))
    places = place[lists.items]
    return np.unique((users * n_items + places)[places >= 0])


@dataclass(frozen=True, eq=False)
class Beams:
    """What a search found.

    Parameters
    ----------
    places
        int64 ``(users, beams)``: places in the tree's order, best first.
    scores
        ``(users, beams)``: log probabilities, -inf where there was nothing left.
    """

    places: torch.Tensor
    scores: torch.Tensor


def beam_search(
    network: SemanticTransformer, context: Context, tree: TreeOnDevice, barred: Barred, *, beam: int
) -> Beams:
    r"""Return the most probable items of each user.

    The score of an item with codes ``c`` is its log probability under the network, each code among all of its level:

    .. math:: s = \sum_l \log \mathrm{softmax}(z_l)_{c_l}

    After each level the ``beam`` best beginnings are kept of those that lead to an item which may be recommended. A
    beam as wide as the catalogue keeps them all.

    Parameters
    ----------
    network
        In eval mode.
    context
        Of the users.
    tree
        Of the items that may be recommended.
    barred
        What may not, by user.
    beam
        1 or more.

    References
    ----------
    Sutskever, Vinyals and Le, "Sequence to sequence learning with neural networks", NeurIPS 2014, section 3.2;
    constrained to a tree: De Cao et al., "Autoregressive entity retrieval", ICLR 2021, section 3.2.
    """
    users, device = len(context.blind), context.blind.device
    nodes = torch.zeros((users, 1), dtype=torch.int64, device=device)  # the root
    scores = torch.zeros((users, 1), device=device, dtype=context.keys[0].dtype)
    rows = torch.arange(users, device=device).unsqueeze(1)
    codes, past = None, None
    for level, (children, codes_of) in enumerate(zip(tree.children, tree.codes, strict=True)):
        logits, past = network.step(level, codes, context, past)
        beams, widest = nodes.shape[1], tree.tree.levels[level].widest
        begins, ends = children[nodes], children[nodes + 1]  # (users, beams)
        below = begins.unsqueeze(-1) + torch.arange(widest, device=device)  # (users, beams, widest)
        missing = below >= ends.unsqueeze(-1)
        below = below.clamp_(max=len(codes_of) - 1)
        gathered = logits.gather(2, codes_of[below]) - logits.logsumexp(-1, keepdim=True)
        bars = barred.of_nodes(level, below, len(codes_of))
        total = (scores.unsqueeze(-1) + gathered).masked_fill(missing if bars is None else missing | bars, -torch.inf)
        kept = min(beam, beams * widest)
        scores, chosen = total.flatten(1).topk(kept, dim=1)  # (users, kept), best first
        parents = chosen // widest
        nodes = below.flatten(1).gather(1, chosen)
        codes = codes_of[nodes]
        if level + 1 < len(tree.codes):
            past = past.of_beams((rows * beams + parents).flatten())
    return Beams(nodes, scores)
