"""Where items stand in rankings, and what that says: better than chance, no better, or put at the bottom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from harness.artifacts.array_types import BoolArray, Float64Array

_CHANCE = 0.01  # p from which on nothing is said to be other than chance
_SURE = 1e-6  # p below which one way of calling a model is said to be better than another
BOTTOM = 0.75  # of the ranking: what stands below is put there
# The share of items above place x of a model that is hardly worth its name is x to this power: 65% of them stand above
# the middle, and 6% in the first hundredth.
_WEAK = float(np.log(0.65) / np.log(0.5))


@dataclass(frozen=True, eq=False)
class Standing:
    """Where one item of each user stands.

    Parameters
    ----------
    places
        float64 ``(users,)``: the share of other candidates above it, 0 at the top.
    reach
        float64 ``(users,)``: the share of the candidates whose order is known; 1 where all are scored.
    """

    places: Float64Array
    reach: Float64Array

    def __len__(self) -> int:
        return len(self.places)

    def of(self, chosen: BoolArray) -> Standing:
        """Return that of some users, bool ``(users,)``."""
        return Standing(self.places[chosen], self.reach[chosen])

    @property
    def mean(self) -> float:
        """The place on average; NaN without users."""
        return float(self.places.mean()) if len(self) else float("nan")

    @property
    def beats_chance(self) -> bool:
        """Whether more items stand in the upper half, or as far down as a list goes, than by chance."""
        return len(self) > 0 and _p_above(self._hits, len(self), float(self._depth.mean())) <= _CHANCE

    @property
    def is_chance(self) -> bool:
        """Whether it is no better than chance, and these are users enough to show a model that is a little better."""
        if len(self) == 0 or self.beats_chance:
            return False
        weak = float((self._depth**_WEAK).mean())
        return float(stats.binom.cdf(self._hits, len(self), weak)) <= _CHANCE

    @property
    def listed(self) -> int:
        """The number of items whose place is known: all where all are scored, else those in a list."""
        return int(((self.places < self.reach) | (self.reach >= 1)).sum())

    @property
    def is_at_bottom(self) -> bool:
        """Whether it is far worse than chance, or there are no users."""
        return len(self) == 0 or self.mean > BOTTOM

    @property
    def is_surely_at_bottom(self) -> bool:
        """Whether it is far worse than chance beyond doubt."""
        below = int((self.places > 0.5).sum())
        return len(self) > 0 and self.mean > BOTTOM and _p_above(below, len(self), 0.5) < _SURE

    def is_better_than(self, other: Standing, *, by: float) -> bool:
        """Return whether most items stand higher (sign test), by so much on average, and better than by chance."""
        wins, losses = int((self.places < other.places).sum()), int((self.places > other.places).sum())
        if wins <= losses or other.mean - self.mean <= by:
            return False
        return _p_above(wins, wins + losses, 0.5) < _SURE and self.beats_chance

    @property
    def _depth(self) -> Float64Array:
        """How far down is looked: the middle at most."""
        return np.minimum(self.reach, 0.5)

    @property
    def _hits(self) -> int:
        return int((self.places < self._depth).sum() + (self.places == self._depth).sum() / 2)


def barely_listed(hits: int, expected: float) -> bool:
    """Return whether lists hold so few of some items, where chance would have it otherwise, that they leave them out.

    Examples
    --------
    >>> barely_listed(0, 60.0), barely_listed(40, 60.0), barely_listed(0, 0.5)
    (True, False, False)
    """
    return hits < expected / 10 and float(stats.poisson.cdf(hits, expected)) < _CHANCE / 10


def _p_above(count: int, of: int, expected: float) -> float:
    return float(stats.binom.sf(count - 1, of, expected))
