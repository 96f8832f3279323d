"""Where items stand in rankings: better than chance, no better than chance, or at the bottom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from harness.artifacts import Finding
from harness.artifacts.array_types import BoolArray, Float64Array

_CHANCE = 0.01  # p value above which a result may be chance
_CERTAIN = 1e-6  # p value below which one variant of a model is better than another beyond doubt
BOTTOM = 0.75  # items below this share of the ranking are at the bottom
ENOUGH_USERS = 32  # fewer users show nothing
# A barely useful model has the share x ** _WEAK of the items in the first share x of the ranking: 65% of them in the
# upper half, and 6% in the first hundredth.
_WEAK = float(np.log(0.65) / np.log(0.5))


@dataclass(frozen=True, eq=False)
class RankPositions:
    """Positions of items in rankings, one item per user.

    Parameters
    ----------
    positions
        float64 ``(users,)``: the share of the other candidates that rank above the item; 0 is the top.
    ranked
        float64 ``(users,)``: the share of the candidates that the ranking holds; 1 if all are scored.
    """

    positions: Float64Array
    ranked: Float64Array

    @classmethod
    def empty(cls) -> RankPositions:
        """Return the positions of no user."""
        return cls(np.empty(0), np.empty(0))

    def __len__(self) -> int:
        return len(self.positions)

    def of(self, users: BoolArray) -> RankPositions:
        """Return the positions of some users, bool ``(users,)``."""
        return RankPositions(self.positions[users], self.ranked[users])

    @property
    def mean(self) -> float:
        """The average position; NaN without users."""
        return float(self.positions.mean()) if len(self) else float("nan")

    @property
    def beats_chance(self) -> bool:
        """Whether more items are in the upper half, or in lists that are shorter, than by chance."""
        return len(self) > 0 and _p_above(self._hits, len(self), float(self._depth.mean())) <= _CHANCE

    @property
    def is_chance(self) -> bool:
        """Whether the positions are not better than chance, although those of a barely useful model would be."""
        if len(self) == 0 or self.beats_chance:
            return False
        weak = float((self._depth**_WEAK).mean())
        return float(stats.binom.cdf(self._hits, len(self), weak)) <= _CHANCE

    @property
    def listed(self) -> int:
        """Number of items whose position is known: all if all are scored, else those in a list."""
        return int(((self.positions < self.ranked) | (self.ranked >= 1)).sum())

    @property
    def is_at_bottom(self) -> bool:
        """Whether the positions are far worse than chance, or there are no users."""
        return len(self) == 0 or self.mean > BOTTOM

    @property
    def is_certainly_at_bottom(self) -> bool:
        """Whether the positions are far worse than chance beyond doubt."""
        below = int((self.positions > 0.5).sum())
        return len(self) > 0 and self.mean > BOTTOM and _p_above(below, len(self), 0.5) < _CERTAIN

    def is_better_than(self, other: RankPositions, *, by: float) -> bool:
        """Return whether most positions are better (sign test), by this much on average, and better than chance."""
        wins, losses = int((self.positions < other.positions).sum()), int((self.positions > other.positions).sum())
        if wins <= losses or other.mean - self.mean <= by:
            return False
        return _p_above(wins, wins + losses, 0.5) < _CERTAIN and self.beats_chance

    @property
    def _depth(self) -> Float64Array:
        """The share of the ranking in which an item is a hit: a half at most."""
        return np.minimum(self.ranked, 0.5)

    @property
    def _hits(self) -> int:
        return int((self.positions < self._depth).sum() + (self.positions == self._depth).sum() / 2)


def barely_listed(hits: int, expected: float) -> bool:
    """Return whether lists hold so few of some items, compared with chance, that the model leaves them out.

    Examples
    --------
    >>> barely_listed(0, 60.0), barely_listed(40, 60.0), barely_listed(0, 0.5)
    (True, False, False)
    """
    return hits < expected / 10 and float(stats.poisson.cdf(hits, expected)) < _CHANCE / 10


def chance_finding(
    last: RankPositions, left_out: BoolArray, relevant: RankPositions, *, reads_history: bool
) -> Finding | None:
    """Return whether a model ranks better than chance, as far as this can be seen; None with too few users.

    If it does not, its ids are mixed up or its scores are upside down. The last items of histories alone do not show
    it: a model may leave out the items that it was trained on, or know what comes next rather than what came last. So
    the relevant items of the run have to rank no better.

    Parameters
    ----------
    last
        Positions of the last items of histories.
    left_out
        bool ``(users,)``: for which of these users the model leaves out the whole history.
    relevant
        Positions of relevant items.
    reads_history
        Whether the model reads the history, so that the last item should rank like a relevant one.
    """
    n = max(len(last), len(relevant))
    if n < ENOUGH_USERS:
        return None
    where = (
        f"The last item of each history, withheld from the model, ranks at {_mean(last)} on average (0 is the top, "
        f"0.5 chance; {len(last):,} users), and a relevant item at {_mean(relevant)} ({len(relevant):,} users)"
    )
    shown = last.of(~left_out)
    if shown.is_at_bottom and relevant.is_certainly_at_bottom:
        sentence = (
            f"{where}: the model ranks far worse than chance. If lower is better, as with distances or losses, "
            "negate the scores."
        )
        return Finding("worse_than_chance", n, n, sentence)
    is_chance = relevant.is_chance or (reads_history and shown.is_chance)
    beats_chance = relevant.beats_chance or shown.beats_chance
    if is_chance and not beats_chance:
        sentence = (
            f"{where}: the model is no better than chance. Check that the ids of its items and users are those of the "
            "data set, in their order (model.params), and that higher scores are better."
        )
        return Finding("no_better_than_chance", n, n, sentence)
    if len(last) > 0 and shown.is_at_bottom:
        what = "leaves out what it was trained on" if left_out.mean() > 0.5 else "ranks the last item at the bottom"
        lower = "" if relevant.beats_chance else ", or lower is better"
        where += f". The model {what}{lower}; whether ids are off by one was not checked"
    if not beats_chance:
        listed, of = max((one.listed, len(one)) for one in (shown, relevant))
        few = "" if listed == of else f": lists no longer than runner.k hold {listed:,} of {of:,} such items"
        where += f". This does not distinguish the model from chance{few}"
    return Finding("no_better_than_chance", 0, n, f"{where}.")


def _mean(positions: RankPositions) -> str:
    return f"{positions.mean:.2f}" if len(positions) else "an unknown place"


def _p_above(count: int, of: int, expected: float) -> float:
    return float(stats.binom.sf(count - 1, of, expected))
