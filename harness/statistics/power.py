"""Power of comparisons: users that an effect needs, and the effect that a number of users can show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy.special import stdtrit
from statsmodels.stats.power import TTestPower

from harness.errors import HarnessError
from harness.statistics.detectable_difference import POWER
from harness.statistics.effect_size import has_spread
from harness.statistics.item_clusters import ClusteredErrors
from harness.statistics.non_inferiority import LEVEL
from harness.statistics.paired_sample import PairedSample

Claim: TypeAlias = Literal["difference", "equivalence", "gate"]
CLAIMS: tuple[Claim, ...] = ("difference", "equivalence", "gate")


@dataclass(frozen=True)
class PowerRow:
    """What a claim needs.

    Parameters
    ----------
    claim
        ``difference``: a verdict of a difference, if the true difference is the effect. ``equivalence``: the verdict
        "equivalent" with the effect as the margin, if there is no true difference. ``gate``: a pass of the gate with
        the effect as the margin, if there is no true difference.
    effect, users
        With so many users, the claim is reached for this effect with a probability of 80%. One of both was given.
    power
        Probability to reach the claim for the effect with the users that were measured; NaN if no effect was given.
    """

    claim: Claim
    effect: float
    users: int
    power: float


def power_rows(
    sample: PairedSample,
    *,
    effect: float | None = None,
    users: int | None = None,
    confidence: float = 0.95,
    candidates: int = 1,
) -> list[PowerRow]:
    """Return the users that an effect needs, or the effect that a number of users shows, per claim.

    The spread of the differences is taken to stay as measured. Several candidates share the level (Bonferroni); the
    gate has one candidate and a one-sided level of 5%.

    Parameters
    ----------
    sample
        The paired values of two runs.
    effect
        Difference or margin, positive and in the metric's unit.
    users
        Number of users; if neither is given, the number of the sample.
    confidence
        Level of the intervals of a comparison.
    candidates
        Number of candidates in the family.

    Raises
    ------
    HarnessError
        Both or invalid numbers are given, or the differences do not vary.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> sample = PairedSample(rng.normal(0, 0.1, 500), np.zeros(500), np.arange(500, dtype=np.uint64))
    >>> [(row.claim, row.users) for row in power_rows(sample, effect=0.01)]
    [('difference', 810), ('equivalence', 1084), ('gate', 638)]
    """
    if effect is not None and users is not None:
        raise HarnessError("both an effect and a number of users are given. Give one; the other is computed.")
    if effect is not None and not 0 < effect < math.inf:
        raise HarnessError(f"the effect is {effect}; it is positive, in the metric's own unit.")
    if users is not None and users < 2:
        raise HarnessError(f"the number of users is {users}; use 2 or more.")
    if candidates < 1:
        raise HarnessError(f"the number of candidates is {candidates}; use 1 or more.")
    if not has_spread(sample.differences):
        raise HarnessError("the differences of the users do not vary, so that nothing is known about their spread.")
    spread, n = float(sample.differences.std(ddof=1)), len(sample.differences)
    level = (1 - confidence) / candidates
    return [_row(claim, spread, n, level, effect, users) for claim in CLAIMS]


def item_floor(errors: ClusteredErrors, confidence: float) -> float | None:
    """Return the smallest difference that can be detected with 80% for other items, whatever the number of users.

    More users of the same items lower the standard error only to the part that the items cause.

    Parameters
    ----------
    errors
        Two-way clustered errors of one difference.
    confidence
        Level of the interval, in (0, 1).

    Returns
    -------
    float or None
        In the unit of the metric; None with too few items.
    """
    critical = errors.critical("none", confidence)
    if math.isnan(critical):
        return None
    return (critical + float(stdtrit(errors.df, POWER))) * float(errors.floors[0])


def _row(claim: Claim, spread: float, n: int, level: float, effect: float | None, users: int | None) -> PowerRow:
    if claim == "difference":
        alternative, alpha, needed = "two-sided", level, POWER
    elif claim == "equivalence":
        # Both one-sided tests have to reject; if there is no difference, each fails in half of the failures.
        alternative, alpha, needed = "larger", level / 2, (1 + POWER) / 2
    else:
        alternative, alpha, needed = "larger", LEVEL, POWER
    if effect is None:
        number = n if users is None else users
        found = TTestPower().solve_power(nobs=number, alpha=alpha, power=needed, alternative=alternative)
        return PowerRow(claim, float(np.atleast_1d(found)[0]) * spread, number, math.nan)
    reached = float(TTestPower().power(effect / spread, n, alpha, alternative=alternative))
    found = TTestPower().solve_power(effect_size=effect / spread, alpha=alpha, power=needed, alternative=alternative)
    reached = max(2 * reached - 1, 0.0) if claim == "equivalence" else reached
    return PowerRow(claim, effect, max(math.ceil(float(np.atleast_1d(found)[0])), 2), reached)
