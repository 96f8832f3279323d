"""Hits for the best and the worst order of items with equal scores."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from harness.artifacts.array_types import BoolArray
from harness.errors import HarnessError
from harness.metrics.kernels.tie_orders import have_ties, listed_ranks, mark_places, resolve
from harness.metrics.metric_inputs import WORD, Hits, Lists, Ranks

Order = Literal["worst", "best"]


def ties_within(ranks: Ranks, k: int) -> BoolArray:
    """Return which users have a relevant item in the first k ranks that ties with a candidate; bool ``(users,)``."""
    out = np.empty(len(ranks.candidates), dtype=np.bool_)
    have_ties(ranks.indptr, ranks.above, ranks.tied, k, out)
    return out


def settled(hits: Hits, order: Order, *, width: int) -> Hits:
    """Return the hits of the first ``width`` ranks if relevant items are ranked last or first among their ties.

    Parameters
    ----------
    hits
        With ``ranks``. If ``targets`` have gains, items with larger gains are ranked last or first, too.
    order
        ``worst`` or ``best``.
    width
        Number of ranks to look at. Lists are taken to hold all candidates.

    Examples
    --------
    A relevant item with one candidate above it, and one that ties with it:

    >>> ranks = Ranks(np.array([0, 1]), np.array([1], np.int32), np.array([1], np.int32), np.array([5], np.int32))
    >>> hits = Hits.of([[False, False]], relevant=[1], ranks=ranks)
    >>> settled(hits, "best", width=2).at(2), settled(hits, "worst", width=2).at(2)
    (array([[False,  True]]), array([[False, False]]))
    """
    ranks = hits.ranks
    if ranks is None:
        raise HarnessError(
            "the best and worst order of ties needs the exact ranks of relevant items. Pass target_ranks=… ."
        )
    targets = hits.targets
    no_gains = np.empty(0, dtype=np.float32)
    gains = no_gains if targets is None or targets.gains is None else targets.gains
    places = np.empty(len(ranks.above), dtype=np.int32)
    resolve(ranks.indptr, ranks.above, ranks.tied, gains, int(order == "best"), places)
    bits = np.empty((hits.n_users, max(-(-width // WORD), 1)), dtype=np.uint64)
    mark_places(ranks.indptr, places, width, bits)
    return Hits(
        bits,
        hits.relevant,
        ranks.candidates,
        replace(ranks, above=places, tied=np.zeros_like(ranks.tied)),
        None if targets is None else replace(targets, places=places),
    )


def with_listed_ranks(hits: Hits, lists: Lists, *, start: int) -> Hits:
    """Return hits with ranks from the scores of the lists.

    If a group of equal scores ends inside the list, all its members are known. A group at the end of the list may
    continue beyond it; its members keep their ranks in the list.

    Parameters
    ----------
    hits
        Hits of a block of users, with ``targets``.
    lists
        Lists of all users, with ``scores``.
    start
        The first user of the block.
    """
    targets, scores = hits.targets, lists.scores
    if targets is None or scores is None:
        raise ValueError("the hits have no targets, or the lists no scores")
    above, tied = np.empty_like(targets.places), np.empty_like(targets.places)
    rows = lists.rows[start : start + hits.n_users]
    listed_ranks(scores, rows, hits.lengths, targets.indptr, targets.places, above, tied)
    return replace(hits, ranks=Ranks(targets.indptr, above, tied, hits.lengths))
