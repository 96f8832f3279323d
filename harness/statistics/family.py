"""Test the differences of a family together: p-values and intervals, for one difference and for the whole family."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import betaincinv, stdtrit

from harness import registry
from harness.statistics.automatic_test import FEWEST_NONZERO, automatic_test
from harness.statistics.correction import Correction, adjusted_p_values
from harness.statistics.paired_sample import PairedSample
from harness.statistics.paired_t import PairedT
from harness.statistics.paired_test import PairedResult, PairedTest
from harness.statistics.permutation import Permutation, flip_interval

# Tests of the mean whose p-values and intervals come from sign flips under maxT.
_FLIPPED = ("t", "permutation", "mcnemar")


@dataclass(frozen=True)
class CorrectedResult:
    """The result of one difference of a family.

    Parameters
    ----------
    test
        Name of the test that gave the p-value.
    p_value, p_adjusted
        By itself, and corrected for the family.
    ci_low, ci_high
        Interval of the mean difference, for this difference alone.
    simultaneous_low, simultaneous_high
        Interval that holds for all differences of the family at once. The verdict comes from it.
    critical
        The t statistic of the simultaneous interval.
    """

    test: str
    p_value: float
    p_adjusted: float
    ci_low: float
    ci_high: float
    simultaneous_low: float
    simultaneous_high: float
    critical: float


def corrected_results(
    samples: Sequence[PairedSample],
    *,
    test: PairedTest | None,
    correction: Correction,
    confidence: float,
    seed: int = 0,
    spread: float | None = None,
) -> list[CorrectedResult]:
    """Test each difference of a family.

    Parameters
    ----------
    samples
        The values of the pairs of runs, all over the same users.
    test
        The test; None to choose it per sample by ``automatic_test``.
    correction
        ``maxt`` takes p-values and both intervals from the same sign flips of all samples, if the test is ``auto``,
        ``t``, ``permutation`` or ``mcnemar``; the p-values of other tests are then corrected by Holm's method. All
        other methods correct the p-values of each test, and the simultaneous intervals are Bonferroni's (``none``:
        those of a single difference).
    confidence
        Level of the intervals, in (0, 1).
    seed
        Seed of tests that have none of their own.
    spread
        Largest possible absolute difference of a user; None if unknown. With fewer than 6 users with a difference, the
        interval is this number times an upper bound of the share of such users.
    """
    if not samples:
        return []
    flips = test if isinstance(test, Permutation) else Permutation(seed=seed)
    if test is not None and test.of_family:
        results = _by_family_test(samples, test, confidence)
    elif correction == "maxt" and (test is None or registry.kind_of("tests", test) in _FLIPPED):
        results = _by_flips(samples, flips, confidence)
    else:
        results = _by_p_values(samples, test, correction, confidence, seed)
        if correction == "maxt" and test is not None and not test.of_mean:
            means = _by_flips(samples, flips, confidence)
            results = [
                replace(mean, test=result.test, p_value=result.p_value, p_adjusted=result.p_adjusted)
                for result, mean in zip(results, means, strict=True)
            ]
    sizes = {False: 1, True: 1 if correction == "none" else len(samples)}
    return [
        _few(result, sample, spread, [(1 - confidence) / sizes[whole] for whole in (False, True)])
        if sample.n_nonzero < FEWEST_NONZERO
        else result
        for result, sample in zip(results, samples, strict=True)
    ]


def _by_flips(samples: Sequence[PairedSample], test: Permutation, confidence: float) -> list[CorrectedResult]:
    """Return single-step maxT: test and simultaneous interval reject together."""
    flipped = test.flip(samples)
    alone = test.results_of(samples, flipped, confidence=confidence)
    critical = flipped.max_critical_value(1 - confidence)
    return [
        CorrectedResult(
            "permutation",
            result.p_value,
            max(float(adjusted), result.p_value),
            result.ci_low,
            result.ci_high,
            *_wider(flip_interval(sample, critical), result),
            critical,
        )
        for sample, result, adjusted in zip(samples, alone, flipped.max_p_values, strict=True)
    ]


def _by_family_test(samples: Sequence[PairedSample], test: PairedTest, confidence: float) -> list[CorrectedResult]:
    """Return the results of a test that holds for all samples together, beside the t-test of each."""
    alone = _tested(samples, [PairedT()] * len(samples), confidence)
    together = test.test_all(samples, confidence=confidence)
    return [
        CorrectedResult(
            registry.kind_of("tests", test),
            single.p_value,
            max(result.p_value, single.p_value),
            single.ci_low,
            single.ci_high,
            *_wider((result.ci_low, result.ci_high), single),
            (result.ci_high - result.ci_low) / 2 / sample.standard_error if sample.standard_error > 0 else math.nan,
        )
        for sample, single, result in zip(samples, alone, together, strict=True)
    ]


def _wider(interval: tuple[float, float], result: PairedResult) -> tuple[float, float]:
    """Return a simultaneous interval that is not shorter than the interval of the difference alone."""
    return min(interval[0], result.ci_low), max(interval[1], result.ci_high)


def _by_p_values(
    samples: Sequence[PairedSample], test: PairedTest | None, correction: Correction, confidence: float, seed: int
) -> list[CorrectedResult]:
    level = (1 - confidence) / (1 if correction == "none" else len(samples))
    automatic = [automatic_test(sample, seed=seed) for sample in samples]
    tests = automatic if test is None else [test] * len(samples)
    tested = _tested(samples, tests, confidence)
    of_mean = tests if test is None or test.of_mean else automatic
    alone = tested if of_mean is tests else _tested(samples, of_mean, confidence)
    together = alone if level == 1 - confidence else _tested(samples, of_mean, 1 - level)
    adjusted = adjusted_p_values(np.array([result.p_value for result in tested]), correction)
    return [
        CorrectedResult(
            registry.kind_of("tests", tests[place]),
            tested[place].p_value,
            float(adjusted[place]),
            alone[place].ci_low,
            alone[place].ci_high,
            together[place].ci_low,
            together[place].ci_high,
            float(stdtrit(len(sample.differences) - 1, 1 - level / 2)),
        )
        for place, sample in enumerate(samples)
    ]


def _tested(samples: Sequence[PairedSample], tests: Sequence[PairedTest], confidence: float) -> list[PairedResult]:
    """Test each sample by its test; samples of the same test together, so that they may share work."""
    results: dict[int, PairedResult] = {}
    for test in dict.fromkeys(tests):
        places = [place for place, other in enumerate(tests) if other == test]
        shared = test.test_all([samples[place] for place in places], confidence=confidence)
        results |= dict(zip(places, shared, strict=True))
    return [results[place] for place in range(len(samples))]


def _few(
    result: CorrectedResult, sample: PairedSample, spread: float | None, levels: Sequence[float]
) -> CorrectedResult:
    """Replace the intervals where too few users differ for any test of the mean.

    With confidence 1 - level, the share of users with a difference is at most the Clopper-Pearson bound, and the mean
    difference at most that share times the largest difference of a user.
    """
    n, few = len(sample.differences), sample.n_nonzero
    bound = [math.inf if spread is None else spread * _upper_share(few, n, level) for level in levels]
    return replace(
        result,
        ci_low=-bound[0],
        ci_high=bound[0],
        simultaneous_low=-bound[1],
        simultaneous_high=bound[1],
    )


def _upper_share(successes: int, n: int, level: float) -> float:
    """Return the one-sided Clopper-Pearson upper bound of a share."""
    return 1.0 if successes >= n else float(betaincinv(successes + 1, n - successes, 1 - level))
