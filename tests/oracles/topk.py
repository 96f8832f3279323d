"""Selection and ranks in plain numpy and Python, one row at a time."""

import numpy as np


def best(scores, keys, k):
    """Items and scores of one row: score descending, key ascending, index ascending; -inf is left out."""
    scores = np.asarray(scores, dtype=np.float32)
    order = np.lexsort((np.arange(len(scores)), keys, -scores.astype(np.float64)))
    kept = [int(item) for item in order if scores[item] != -np.inf][:k]
    missing = k - len(kept)
    return kept + [-1] * missing, [float(scores[item]) for item in kept] + [-np.inf] * missing


def rank(scores, target):
    """How many candidates score above the target, and how many others score the same."""
    own = float(scores[target])
    if own == -np.inf:
        return -1, -1
    above = sum(1 for score in scores if float(score) > own)
    tied = sum(1 for item, score in enumerate(scores) if float(score) == own and item != target)
    return above, tied
