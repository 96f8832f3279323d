"""Randomised Tukey HSD: all exchanges in plain Python, the studentised range, its family, and its known weakness."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from paired_samples import table_of
from scipy import stats

from harness.statistics import PairedSample, compare
from harness.statistics.tukey_hsd import TukeyHSD

KEYS = np.arange(1, 2000, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)


def samples_of(columns):
    pairs = itertools.combinations(range(len(columns)), 2)
    return [PairedSample(columns[one], columns[other], KEYS[: len(columns[0])]) for one, other in pairs]


def test_the_distribution_is_that_of_all_exchanges():
    """4 users and 3 runs have 6 to the power of 4 exchanges; shares of 20,000 random ones agree within .015."""
    columns = [np.array(values) for values in ([0.9, 0.2, 0.5, 0.7], [0.1, 0.3, 0.5, 0.2], [0.4, 0.4, 0.1, 0.3])]
    orders = list(itertools.permutations(range(3)))
    ranges = []
    for chosen in itertools.product(orders, repeat=4):
        sums = [sum(columns[order[run]][user] for user, order in enumerate(chosen)) for run in range(3)]
        ranges.append((max(sums) - min(sums)) / 4)
    found = TukeyHSD(exchanges=20_000, seed=1).test_all(samples_of(columns), confidence=0.9)
    for result, sample in zip(found, samples_of(columns), strict=True):
        exact = np.mean(np.array(ranges) >= abs(sample.differences.mean()) - 1e-12)
        assert result.p_value == pytest.approx(exact, abs=0.015)


def test_near_tukeys_studentised_range_for_normal_values():
    rng = np.random.default_rng(0)
    users = 400
    base = rng.normal(0, 1, users)
    columns = [base + rng.normal(0, 0.5, users) + gain for gain in (0.0, 0.05, 0.1)]
    values = np.stack(columns)
    residuals = values - values.mean(axis=0) - values.mean(axis=1, keepdims=True) + values.mean()
    degrees = 2 * (users - 1)
    error = np.sqrt((residuals**2).sum() / degrees / users)
    for result, sample in zip(
        TukeyHSD(exchanges=20_000).test_all(samples_of(columns), confidence=0.95), samples_of(columns), strict=True
    ):
        expected = stats.studentized_range.sf(abs(sample.differences.mean()) / error, 3, degrees)
        # The exchanges estimate the spread with the differences between the runs in it.
        assert result.p_value == pytest.approx(expected, abs=0.02)


def test_all_pairs_hold_together_without_another_correction():
    rng = np.random.default_rng(1)
    base = rng.random(200)
    gains = {"a": 0.0, "b": 0.02, "c": 0.2}
    tables = {name: table_of({"ndcg@10": base + rng.normal(gain, 0.2, 200)}) for name, gain in gains.items()}
    found = {
        correction: compare(tables, test="tukey_hsd", pairs="all", correction=correction)
        for correction in ("maxt", "holm", "none")
    }
    rows = [[row.p_adjusted for row in each.overall] for each in found.values()]
    assert rows[0] == rows[1] == rows[2]
    for row in found["none"].overall:
        assert row.test == "tukey_hsd"
        assert row.p_adjusted >= row.p_value
        assert (row.p_adjusted <= 0.05) == (row.verdict != "undecided")
        assert row.ci_simultaneous_low <= row.ci_low <= row.ci_high <= row.ci_simultaneous_high
    assert any("one weak run hides differences" in note for note in found["none"].notes)


def test_one_weak_run_hides_differences_between_good_ones():
    rng = np.random.default_rng(2)
    base = rng.random(300) * 0.2
    good, better = base + rng.normal(0.5, 0.02, 300), base + rng.normal(0.51, 0.02, 300)
    weak = base * 0.0
    alone = TukeyHSD().test_all(samples_of([good, better]), confidence=0.95)[0]
    together = TukeyHSD().test_all(samples_of([good, better, weak]), confidence=0.95)[0]
    assert alone.p_value < 0.01
    assert together.p_value > 0.5


def test_the_family_wise_error_is_at_its_level():
    """300 draws of 4 equal runs: the binomial error of .05 is .013."""
    rng, wrong = np.random.default_rng(3), 0
    for seed in range(300):
        base = rng.random(60)
        columns = [base + rng.normal(0, 0.2, 60) for _ in range(4)]
        results = TukeyHSD(exchanges=399, seed=seed).test_all(samples_of(columns), confidence=0.95)
        wrong += any(result.p_value <= 0.05 for result in results)
    assert 0.015 <= wrong / 300 <= 0.09
