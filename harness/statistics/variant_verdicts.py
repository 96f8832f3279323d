"""Judge the same values under other tests, corrections and units, and under other definitions of the metric."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.stats import kendalltau, rankdata

from harness.artifacts import Comparison, JudgedVariant, MetricChoice, MetricTable, RankAgreement, RobustClaim
from harness.statistics.comparison_arguments import aligned_values, chosen_test, user_keys
from harness.statistics.correction import CORRECTIONS, Correction
from harness.statistics.family import CorrectedResult, corrected_results
from harness.statistics.item_clusters import ItemClusters
from harness.statistics.item_intervals import item_intervals
from harness.statistics.paired_sample import PairedSample
from harness.statistics.verdict import UNDECIDED, verdict_code

HIGHER, LOWER = "higher", "lower"
TESTS = ("t", "permutation", "wilcoxon", "sign")
_OF_MEAN = ("t", "permutation")


def plain_verdicts(comparison: Comparison) -> dict[tuple[str, str], str]:
    """Return ``higher``, ``lower`` or ``undecided`` for each candidate and baseline in the primary metric.

    It is the verdict that the comparison has without a margin, by the unit of the comparison.
    """
    found = {}
    for row in comparison.overall:
        if row.metric == comparison.primary and row.test is not None:
            both = row.unit == "users_items"
            low = row.ci_users_items_low if both else row.ci_simultaneous_low
            high = row.ci_users_items_high if both else row.ci_simultaneous_high
            found[row.candidate, row.baseline] = verdict_code(low, high, margin=None)
    return found


def judged_variants(
    tables: Mapping[str, MetricTable],
    choice: MetricChoice,
    claims: Mapping[tuple[str, str], str],
    *,
    confidence: float,
    seed: int,
) -> Iterator[JudgedVariant]:
    """Yield the verdicts of all pairs in one metric, under each test, correction and unit.

    Each test is combined with ``maxt``; each other correction, and the unit ``users_items``, with the sign flips.

    Parameters
    ----------
    tables
        Run name to a table with the metric, over the same users.
    choice
        The metric.
    claims
        Candidate and baseline to the verdict of the comparison.
    confidence, seed
        As in a comparison.
    """
    pairs, label = list(claims), choice.metric
    base, reference = next(iter(tables.items()))
    values = {name: aligned_values(reference, table, name, base)[label] for name, table in tables.items()}
    keys, spread = user_keys(reference), reference[label].spread
    samples = [PairedSample(values[ours], values[theirs], keys) for ours, theirs in pairs]
    runs: list[tuple[str, Correction]] = [(test, "maxt") for test in TESTS]
    if len(pairs) > 1:
        runs += [("permutation", correction) for correction in CORRECTIONS if correction != "maxt"]
    flipped: list[CorrectedResult] = []
    for test, correction in runs:
        # Only the sign flips are combined with maxT; p-values of other tests are then corrected by Holm's method.
        own: Correction = correction if test == "permutation" or correction != "maxt" else "holm"
        own = "none" if len(pairs) == 1 else own
        results = corrected_results(
            samples, test=chosen_test(test, seed), correction=own, confidence=confidence, seed=seed, spread=spread
        )
        if test == "permutation" and correction == "maxt":
            flipped = results
        for pair, sample, result in zip(pairs, samples, results, strict=True):
            verdict = _verdict(test, result, sample, confidence)
            yield _judged(pair, choice, test, own, "users", sample, result, verdict, claims)
    clusters = ItemClusters.of(tables)
    errors = None if clusters is None else clusters.errors(label, pairs, [one.differences for one in samples])
    if clusters is None or errors is None:
        return
    intervals = item_intervals(errors, clusters.n_items, samples, flipped, "maxt", confidence)
    for pair, sample, result, interval in zip(pairs, samples, flipped, intervals, strict=True):
        if interval.is_known:
            verdict = verdict_code(interval.low, interval.high, margin=None)
            shown = _with_interval(result, interval.low, interval.high)
            own = "none" if len(pairs) == 1 else "maxt"
            yield _judged(pair, choice, "permutation", own, "users_items", sample, shown, verdict, claims)


def robust_claims(claims: Mapping[tuple[str, str], str], variants: Sequence[JudgedVariant]) -> tuple[RobustClaim, ...]:
    """Return how often each claim holds."""
    found = []
    for (candidate, baseline), verdict in claims.items():
        own = [row for row in variants if (row.candidate, row.baseline) == (candidate, baseline)]
        opposite = {HIGHER: LOWER, LOWER: HIGHER}.get(verdict)
        found.append(
            RobustClaim(
                candidate,
                baseline,
                verdict,
                sum(row.holds for row in own),
                len(own),
                sum(row.verdict == opposite for row in own),
            )
        )
    return tuple(found)


def rank_agreements(comparison: Comparison, tables: Mapping[str, MetricTable]) -> tuple[RankAgreement, ...]:
    """Return Kendall's τ of the order of the runs in the primary metric with that in each other metric.

    With two runs there is only one order or its reverse, so that nothing is returned.
    """
    if len(tables) < 3:
        return ()
    first = next(iter(tables.values()))
    signs = {value.label: 1.0 if value.higher_is_better else -1.0 for value in first.values}
    columns = {
        str(label): signs[str(label)] * comparison.values[label].to_numpy(dtype=np.float64)
        for label in comparison.values.columns
        if label != "run"
    }
    primary = columns.pop(comparison.primary)
    return tuple(RankAgreement(label, _tau(primary, column)) for label, column in columns.items())


def _tau(one: np.ndarray, other: np.ndarray) -> float:
    tau = float(kendalltau(one, other).statistic)
    return round(tau, 12)  # the same order has 1, whatever the rounding


def _verdict(test: str, result: CorrectedResult, sample: PairedSample, confidence: float) -> str:
    """Return ``higher``, ``lower`` or ``undecided``.

    The interval decides. For tests that are not about the mean, the p-value and the direction of the ranks decide.
    """
    if test in _OF_MEAN:
        return verdict_code(result.simultaneous_low, result.simultaneous_high, margin=None)
    if not result.p_adjusted < 1 - confidence:
        return UNDECIDED
    nonzero = sample.differences[sample.differences != 0]
    weights = rankdata(np.abs(nonzero)) if test == "wilcoxon" else np.ones(len(nonzero))
    direction = float((np.sign(nonzero) * weights).sum())
    return HIGHER if direction > 0 else LOWER if direction < 0 else UNDECIDED


def _with_interval(result: CorrectedResult, low: float, high: float) -> CorrectedResult:
    return replace(result, simultaneous_low=low, simultaneous_high=high, p_adjusted=math.nan)


def _judged(
    pair: tuple[str, str],
    choice: MetricChoice,
    test: str,
    correction: str,
    unit: str,
    sample: PairedSample,
    result: CorrectedResult,
    verdict: str,
    claims: Mapping[tuple[str, str], str],
) -> JudgedVariant:
    of_mean = test in _OF_MEAN
    return JudgedVariant(
        candidate=pair[0],
        baseline=pair[1],
        choice=choice,
        test=test,
        correction=correction,
        unit=unit,
        difference=float(sample.differences.mean()),
        ci_low=result.simultaneous_low if of_mean else math.nan,
        ci_high=result.simultaneous_high if of_mean else math.nan,
        p_adjusted=result.p_adjusted,
        verdict=verdict,
        holds=verdict == claims[pair],
    )
