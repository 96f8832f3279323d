"""Comparisons of models with several seeds: families, correlation of differences, margins, and what is not tested."""

from __future__ import annotations

import math

import numpy as np
import pytest
from paired_samples import table_of

from harness.errors import HarnessError
from harness.statistics import SeededRun, compare_seeds

LABEL = "ndcg@10"


def model(rng, base, *, seeds=5, gain=0.0, of_seeds=0.02, of_both=0.05, deterministic=False, coverage=None):
    values = base + gain + rng.normal(0, of_seeds, (seeds, 1)) + rng.normal(0, of_both, (seeds, len(base)))
    tables = tuple(table_of({LABEL: row, "recall@10": row / 2}, coverage=coverage) for row in values)
    return SeededRun(tables, deterministic)


def models(gains, seed=0, users=200, **options):
    rng = np.random.default_rng(seed)
    base = rng.normal(0.5, 0.2, users)
    return {name: model(rng, base, gain=gain, **options) for name, gain in gains.items()}


def family(comparison):
    return [row for row in comparison.differences if row.metric == LABEL]


def test_the_family_is_the_primary_metric_and_others_are_exploratory():
    found = compare_seeds(models({"base": 0, "a": 0.2, "b": 0.0}), primary=LABEL)
    assert [(row.candidate, row.verdict) for row in family(found)] == [("a", "higher"), ("b", "undecided")]
    others = [row for row in found.differences if row.metric == "recall@10"]
    assert {row.verdict for row in others} == {"exploratory"}
    assert all(math.isnan(row.p_adjusted) and math.isnan(row.ci_simultaneous_low) for row in others)
    for row in family(found):
        assert row.p_adjusted >= row.p_value
        assert row.ci_simultaneous_low <= row.ci_low < row.ci_high <= row.ci_simultaneous_high
        assert row.statement.endswith("; 1 of 2 candidates; 5 and 5 seeds)")
    assert found.best == ("a",)
    assert found.settings.unit == "users_seeds"


def test_differences_to_a_baseline_whose_seeds_vary_are_correlated():
    """If only the baseline's seeds vary, all differences move together, and the family costs almost nothing."""
    rng = np.random.default_rng(1)
    base = rng.normal(0.5, 0.2, 300)
    runs = {"base": model(rng, base, seeds=6, of_seeds=0.2, of_both=0.001)}
    runs |= {name: model(rng, base, seeds=1, of_seeds=0, of_both=0.01, deterministic=True) for name in "abcdef"}
    together = compare_seeds(runs, baseline="base", primary=LABEL)
    independent = compare_seeds(runs, baseline="base", primary=LABEL, correction="bonferroni")
    for row, other in zip(family(together), family(independent), strict=True):
        widths = [
            (one.ci_simultaneous_high - one.ci_simultaneous_low) / (one.ci_high - one.ci_low) for one in (row, other)
        ]
        assert widths[0] < 1.05
        assert widths[1] > 1.5


def test_all_pairs_have_no_baseline():
    found = compare_seeds(models({"a": 0, "b": 0.1, "c": 0.2}), pairs="all", primary=LABEL)
    assert found.baseline is None
    assert [(row.candidate, row.baseline) for row in family(found)] == [("b", "a"), ("c", "a"), ("c", "b")]
    assert found.groups == {"a": "c", "b": "b", "c": "a"}


def test_margins_and_directions():
    found = compare_seeds(models({"base": 0, "a": 0.001}, of_seeds=0.001), primary=LABEL, margin=0.05)
    assert family(found)[0].verdict in ("equivalent", "differs_within_margin")
    with pytest.raises(HarnessError, match="a margin is positive"):
        compare_seeds(models({"base": 0, "a": 0}), primary=LABEL, margin=-1)


def test_metrics_over_all_lists_are_means_without_a_test():
    found = compare_seeds(models({"base": 0, "a": 0.1}, coverage=0.4), primary=LABEL)
    (row,) = [row for row in found.differences if row.metric == "coverage@10"]
    assert (row.candidate_value, row.difference, row.test) == (0.4, 0.0, None)


def test_two_seeds_are_no_claim_about_the_algorithm():
    found = compare_seeds(models({"base": 0, "a": 0.2}, seeds=2), primary=LABEL)
    (row,) = family(found)
    assert row.unit == "users"
    assert row.se_users_seeds == row.se_users
    assert row.statement.endswith("2 and 2 seeds: these checkpoints only)")
    assert any("fewer than 3 seeds" in note for note in found.notes)


def test_the_family_wise_error_is_at_its_level():
    """100 draws of 4 candidates that equal the baseline: the binomial error of .05 is .022."""
    wrong = 0
    for seed in range(100):
        runs = models(dict.fromkeys("xabcd", 0.0), seed=seed, users=60)
        found = compare_seeds(runs, baseline="x", metrics=[LABEL])
        wrong += any(row.verdict != "undecided" for row in family(found))
    assert wrong / 100 <= 0.11


@pytest.mark.parametrize("correction", ["holm", "bonferroni", "bh", "none"])
def test_other_corrections(correction):
    found = compare_seeds(models({"base": 0, "a": 0.03, "b": 0.0}), primary=LABEL, correction=correction)
    for row in family(found):
        ratio = (row.ci_simultaneous_high - row.ci_simultaneous_low) / (row.ci_high - row.ci_low)
        assert ratio > 1.1 or correction == "none"
        assert row.p_adjusted >= row.p_value


def test_equal_seeds_do_not_count_twice():
    runs = models({"base": 0, "a": 0.2})
    twice = SeededRun((runs["a"].tables[0],) * 3)
    found = compare_seeds({"base": runs["base"], "a": twice}, primary=LABEL)
    (row,) = family(found)
    assert (row.n_seeds, row.n_seeds_baseline, row.unit) == (1, 5, "users")
    assert any("2 of 3 seeds of a have the same values as another" in note for note in found.notes)


def test_the_bootstrap_gives_intervals_alone():
    found = compare_seeds(models({"base": 0, "a": 0.2}), primary=LABEL, method="bootstrap")
    (row,) = family(found)
    assert row.test == "crossed bootstrap"
    assert math.isnan(row.p_value)
    assert row.verdict == "higher"
    with pytest.raises(HarnessError, match="unknown seeds 'boot'"):
        compare_seeds(models({"base": 0, "a": 0.2}), primary=LABEL, method="boot")
