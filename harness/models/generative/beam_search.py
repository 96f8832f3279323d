"""Constrained beam search: the best semantic ids of a catalogue, for all users and beams at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from harness.models.generative.decoder import DecoderContext, NetworkSizes
from harness.models.generative.search_tree import ExcludedNodes, NodeOrder, SearchTree
from harness.models.generative.semantic_ids import PrefixTree
from harness.models.generative.seq2seq import SemanticTransformer
from harness.topk import select

_NODE = 96  # bytes: a node that is scored, with its place, its parent, its code, and copies while it is selected


@dataclass(frozen=True, eq=False)
class Beams:
    """Results of a beam search.

    Parameters
    ----------
    places
        int64 ``(users, beams)``: positions in the tree's order, best first; 0 where no item is left.
    scores
        ``(users, beams)``: log probabilities, -inf where no item is left.
    """

    places: torch.Tensor
    scores: torch.Tensor


@dataclass(frozen=True, eq=False)
class BeamSearchRequest:
    """Users of a beam search, and the items that it may find.

    Parameters
    ----------
    tree
        Tree of the items that may be recommended.
    barred
        Nodes that are excluded for each user.
    user_keys
        int64 ``(n,)``: bits of ``Vocabulary.keys``; further rows of the context are padding.
    seed
        Seed of the order of ties.
    beam
        Number of prefixes that are kept, 1 or more.
    """

    tree: SearchTree
    barred: ExcludedNodes
    user_keys: torch.Tensor
    seed: int
    beam: int


def beam_search(network: SemanticTransformer, context: DecoderContext, asked: BeamSearchRequest) -> Beams:
    r"""Return the most probable items of each user.

    The score of an item with codes ``c`` is its log probability under the network, each code among all of its level:

    .. math:: s = \sum_l \log \mathrm{softmax}(z_l)_{c_l}

    After each level the search keeps the ``beam`` best prefixes among those that lead to an item which may be
    recommended. A beam as wide as the catalogue keeps all. Ties follow the hash of the seed and the external ids of the
    user and of the item, which is the first item below a prefix in the order of the codes.

    Only nodes that exist are scored: for each user, the children of the beams.

    Parameters
    ----------
    network
        The network, in eval mode.
    context
        The encoded histories of the users.
    asked
        The users, the items that may be recommended, and the width of the beam.

    References
    ----------
    Sutskever, Vinyals and Le, "Sequence to sequence learning with neural networks", NeurIPS 2014, section 3.2;
    constrained to a tree: De Cao et al., "Autoregressive entity retrieval", ICLR 2021, section 3.2.
    """
    users, device = len(context.blind), context.blind.device
    nodes = torch.zeros((users, 1), dtype=torch.int64, device=device)  # the root
    scores = torch.zeros((users, 1), device=device, dtype=context.keys[0].dtype)
    rows = torch.arange(users, device=device).unsqueeze(1)
    user_keys = torch.nn.functional.pad(asked.user_keys, (0, users - len(asked.user_keys)))
    codes, past, tree = None, None, asked.tree
    for level, (children, codes_of) in enumerate(zip(tree.children, tree.codes, strict=True)):
        logits, past = network.step(level, codes, context, past)
        beams = nodes.shape[1]
        parents, below, missing = _below(children, nodes, scores > -torch.inf)  # (users, nodes)
        bars = asked.barred.of_nodes(level, below, len(codes_of))
        own = logits.flatten(1).gather(1, parents * logits.shape[2] + codes_of[below])
        total = scores.gather(1, parents) + (own - logits.logsumexp(-1).gather(1, parents))
        total = total.masked_fill(missing if bars is None else missing | bars, -torch.inf)
        order = NodeOrder(asked.seed, user_keys, tree.keys[level], below)
        # As many whatever the users, so that no shape depends on the batch.
        best = select(total, min(asked.beam, len(codes_of)), order=order)
        scores, chosen = best.scores, best.items.long().clamp_(min=0)  # (users, kept), best first
        nodes = below.gather(1, chosen)
        codes = codes_of[nodes]
        if level + 1 < len(tree.codes):
            past = past.of_beams((rows * beams + parents.gather(1, chosen)).flatten())
    return Beams(nodes, scores)


def _below(
    children: torch.Tensor, nodes: torch.Tensor, alive: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the children of each user's beams in one row, ``(users, largest number of children)``.

    Parameters
    ----------
    children
        As ``Level.children``.
    nodes, alive
        ``(users, beams)``: the beams, and whether they lead anywhere.

    Returns
    -------
    parents : torch.Tensor
        The beam that each is a child of.
    below : torch.Tensor
        Which node of the level it is; 0 where a user has fewer.
    missing : torch.Tensor
        Where a user has fewer.
    """
    begins = children[nodes]
    ends = ((children[nodes + 1] - begins) * alive).cumsum(dim=1)  # in the row, (users, beams)
    columns = torch.arange(max(1, int(ends[:, -1].max())), device=nodes.device).expand(len(nodes), -1)
    parents = torch.searchsorted(ends, columns.contiguous(), right=True)
    missing = parents == nodes.shape[1]
    parents.masked_fill_(missing, 0)
    starts = torch.nn.functional.pad(ends[:, :-1], (1, 0))
    below = columns + (begins - starts).gather(1, parents)
    return parents, below.masked_fill_(missing, 0), missing


def bytes_of_user(sizes: NetworkSizes, tree: PrefixTree, beam: int, *, number: int = 4) -> int:
    """Return the approximate peak memory of a search per user, in bytes.

    Parameters
    ----------
    sizes
        Sizes of the network.
    tree
        The tree of the items that may be recommended.
    beam
        Number of prefixes that are kept.
    number
        Bytes of one number.
    """
    width, layers, heads = sizes.embedding_dim, sizes.decoder_layers, sizes.num_heads
    tokens = sizes.max_items * len(sizes.codes)
    encoder = number * (tokens * (8 * width + 2 * sizes.attn_dim) + 2 * heads * tokens**2)
    steps, beams = [], 1
    for place, level in enumerate(tree.levels):
        most = int(np.sort(np.diff(level.children))[::-1][:beams].sum())  # children that a user's beams have
        past = 4 * layers * width * (place + 1)  # keys and values, and those of the beams that go on
        logits = 3 * sizes.codes[place]
        steps.append(number * beams * (8 * width + 2 * sizes.attn_dim + past + logits) + _NODE * most)
        beams = min(beam, len(level.codes))
    return number * 2 * layers * tokens * width + max(encoder, *steps)
