"""Order lists as trec_eval does: by score in single precision, then by item id as text, both descending."""

from __future__ import annotations

import numpy as np

from harness.artifacts import TopK
from harness.artifacts.array_types import UInt64Array
from harness.errors import HarnessError


def in_trec_order(topk: TopK, places: UInt64Array) -> TopK:
    """Return the lists with equal scores in the order of trec_eval.

    Parameters
    ----------
    topk
        Lists with scores, best first.
    places
        Place of each item, from ``descending_places``.

    Raises
    ------
    HarnessError
        There are no scores.

    Examples
    --------
    >>> from harness.artifacts import descending_places
    >>> lists = TopK(np.array([[0, 1, 2, -1]]), np.array([[5.0, 5.0, 1.0, -np.inf]]))
    >>> in_trec_order(lists, descending_places(np.array(["a", "b", "c"]))).items
    array([[ 1,  0,  2, -1]], dtype=int32)
    """
    if topk.scores is None:
        raise HarnessError("ties 'trec_eval' needs scores, and the lists have none. Give scores, or leave ties out.")
    items, scores = topk.items.copy(), topk.scores.copy()
    # Only lists with equal or rising scores are in another order.
    (changed,) = np.nonzero((scores[:, 1:] >= scores[:, :-1]).any(axis=1))
    rows, of_rows = changed[:, None], items[changed]
    # Gaps stay last among their like.
    keys = np.where(of_rows >= 0, places[of_rows].astype(np.int64), np.iinfo(np.int64).max)
    order = np.lexsort((keys, -scores[changed]), axis=1)
    items[changed], scores[changed] = items[rows, order], scores[rows, order]
    return TopK(items, scores, topk.users)
