"""An external recommender: popularity counts of items, read from a JSON file."""

from __future__ import annotations

import json
from pathlib import Path


class Popular:
    """A recommender of the most popular items.

    Parameters
    ----------
    checkpoint
        JSON file with a map of item id to count.
    damping
        Added to each count.
    """

    def __init__(self, checkpoint: str, damping: float = 0.0) -> None:
        counts = json.loads(Path(checkpoint).read_text())
        self.counts = {item: count + damping for item, count in counts.items()}

    def recommend(self, users, k):
        """Return one list of item ids per user, best first, and their scores."""
        best = sorted(self.counts, key=self.counts.get, reverse=True)[:k]
        return [best for _ in users], [[self.counts[item] for item in best] for _ in users]

    def score(self, users, items):
        """Return one row of scores per user."""
        return [[self.counts.get(item, float("nan")) for item in items] for _ in users]
