"""Decide whether a candidate is not worse than a baseline by more than a margin: the gate of a release."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from scipy.special import ndtri, stdtrit
from scipy.stats import nct

from harness.artifacts import MetricTable
from harness.errors import HarnessError, did_you_mean
from harness.statistics.automatic_test import FEWEST_NONZERO
from harness.statistics.comparison_arguments import aligned_values, check_metrics_alike, margin_of, user_keys
from harness.statistics.family import corrected_results
from harness.statistics.paired_sample import PairedSample

LEVEL = 0.05  # of the one-sided test
POWER = 0.8  # chance to pass that an equally good candidate should have
MOST_GAIN = 0.5  # relative; a larger gain more often shows a broken baseline than a good candidate

GateStatus: TypeAlias = Literal["pass", "regression", "suspicious", "cannot_tell"]
# With several metrics, the first of these that occurs is the status of the gate.
PRECEDENCE: tuple[GateStatus, ...] = ("regression", "suspicious", "cannot_tell", "pass")


@dataclass(frozen=True)
class GatedMetric:
    """The decision on one metric.

    Parameters
    ----------
    metric
        Label.
    candidate_value, baseline_value, difference
        Values, and candidate minus baseline.
    margin
        Largest loss that is accepted, positive and in the metric's unit.
    bound
        The loss is at most this with one-sided confidence ``1 - level``; negative: a gain. In the metric's unit;
        infinite if fewer than 6 users differ in a metric without limits.
    level
        Level of the one-sided test.
    status
        ``pass``: the bound is below the margin. ``regression``: a loss is shown. ``suspicious``: the gain is
        implausibly large. ``cannot_tell``: none of these.
    n_users, n_nonzero
        Number of users, and of those with a difference.
    chance_if_equal
        Chance that a candidate with the same mean as the baseline passes; NaN if the spread is not known.
    users_needed
        About how many users give such a candidate a chance of 80%; None if the spread is not known.
    """

    metric: str
    candidate_value: float
    baseline_value: float
    difference: float
    margin: float
    bound: float
    level: float
    status: GateStatus
    n_users: int
    n_nonzero: int
    chance_if_equal: float
    users_needed: int | None


def gate_metrics(
    candidate: MetricTable,
    baseline: MetricTable,
    margins: dict[str, float],
    *,
    most_gain: float = MOST_GAIN,
    level: float = LEVEL,
    seed: int = 0,
) -> list[GatedMetric]:
    r"""Test in each metric whether the loss is below the margin (non-inferiority).

    The bound is the end of the two-sided interval of ``auto`` at :math:`1 - 2 \alpha`, which is the one-sided bound at
    :math:`1 - \alpha`. All metrics have to pass, so that their tests need no correction (intersection-union test,
    Berger 1982).

    Parameters
    ----------
    candidate, baseline
        Tables over the same users.
    margins
        Positive margin by label.
    most_gain
        Relative gain above which a metric is suspicious.
    level
        Level of the one-sided tests.
    seed
        Seed of sign flips.

    Raises
    ------
    HarnessError
        A metric is missing, has no values per user, or has a margin that is not positive; or the users differ.
    """
    if not margins:
        raise HarnessError("the gate has no metric. Name one with its margin, such as ndcg@10=0.002.")
    for label in margins:
        _check_metric(label, candidate, baseline)
    check_metrics_alike({"candidate": candidate, "baseline": baseline}, list(margins))
    theirs = aligned_values(baseline, baseline, "baseline", "baseline")
    ours = aligned_values(baseline, candidate, "candidate", "baseline")
    keys = user_keys(baseline)
    return [
        _gated(
            label,
            margin_of(margin, label, list(margins)) or 0.0,
            PairedSample(ours[label], theirs[label], keys),
            baseline,
            most_gain=most_gain,
            level=level,
            seed=seed,
        )
        for label, margin in margins.items()
    ]


def gate_status(metrics: Sequence[GatedMetric]) -> GateStatus:
    """Return the status of a gate: the first of ``PRECEDENCE`` that any metric has."""
    found = {metric.status for metric in metrics}
    return next(status for status in PRECEDENCE if status in found)


def _check_metric(label: str, candidate: MetricTable, baseline: MetricTable) -> None:
    for name, table in (("candidate", candidate), ("baseline", baseline)):
        labels = [value.label for value in table.values]
        if label not in labels:
            raise HarnessError(f"the {name} has no metric '{label}'. {did_you_mean(label, labels)}")
        if label not in table.user_values:
            raise HarnessError(f"{label} is a value over all lists, which has no test. Gate a metric per user.")


def _gated(
    label: str,
    margin: float,
    sample: PairedSample,
    baseline: MetricTable,
    *,
    most_gain: float,
    level: float,
    seed: int,
) -> GatedMetric:
    value = baseline[label]
    (result,) = corrected_results(
        [sample], test=None, correction="none", confidence=1 - 2 * level, seed=seed, spread=value.spread
    )
    sign = 1.0 if value.higher_is_better else -1.0
    low, high = sorted((sign * result.ci_low, sign * result.ci_high))
    difference = float(sample.differences.mean())
    ours, theirs = float(sample.candidate.mean()), float(sample.baseline.mean())
    if sample.n_nonzero == 0:
        status: GateStatus = "pass"
    elif theirs != 0.0 and sign * difference / abs(theirs) > most_gain:
        status = "suspicious"
    elif low > -margin:
        status = "pass"
    else:
        status = "regression" if high < 0.0 and sample.n_nonzero >= FEWEST_NONZERO else "cannot_tell"
    return GatedMetric(
        metric=label,
        candidate_value=ours,
        baseline_value=theirs,
        difference=difference,
        margin=margin,
        bound=-low,
        level=level,
        status=status,
        n_users=len(sample.differences),
        n_nonzero=sample.n_nonzero,
        chance_if_equal=chance_to_pass(sample, margin, level),
        users_needed=users_to_pass(sample, margin, level),
    )


def chance_to_pass(sample: PairedSample, margin: float, level: float) -> float:
    """Return the chance that a candidate with the same mean passes, by the noncentral t distribution."""
    n, error = len(sample.differences), sample.standard_error
    if not error > 0.0:
        return math.nan
    return float(nct.sf(stdtrit(n - 1, 1 - level), n - 1, margin / error))


def users_to_pass(sample: PairedSample, margin: float, level: float) -> int | None:
    """Return about how many users give a candidate with the same mean an 80% chance; the spread is taken to stay."""
    error = sample.standard_error
    if not error > 0.0:
        return None
    return math.ceil(len(sample.differences) * ((ndtri(1 - level) + ndtri(POWER)) * error / margin) ** 2)
