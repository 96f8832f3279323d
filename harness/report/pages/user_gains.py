"""Count for how many users each run is better and worse than the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.artifacts import PairedDifference


@dataclass(frozen=True)
class UserGains:
    """The users of one pair of runs, as counts and as shares in per cent.

    Parameters
    ----------
    run, baseline
        Names of the runs.
    better, equal, worse
        Number of users for whom the run is better than the baseline, equal, and worse.
    better_share, worse_share
        Shares of all users in per cent.
    """

    run: str
    baseline: str
    better: int
    equal: int
    worse: int
    better_share: float
    worse_share: float


def user_gains(pairs: Sequence[PairedDifference]) -> list[UserGains]:
    """Return the counts of the pairs that have them, in their order."""
    rows = []
    for pair in pairs:
        if pair.wins is None or pair.ties is None or pair.losses is None:
            continue
        total = max(pair.wins + pair.ties + pair.losses, 1)
        shares = 100 * pair.wins / total, 100 * pair.losses / total
        rows.append(UserGains(pair.candidate, pair.baseline, pair.wins, pair.ties, pair.losses, *shares))
    return rows
