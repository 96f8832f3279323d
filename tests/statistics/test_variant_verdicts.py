"""Other tests, corrections and units: each verdict is that of a comparison with these settings."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from paired_samples import table_of
from scipy import stats

import harness
from harness import TopK, Truth
from harness.artifacts import JudgedVariant, MetricChoice
from harness.statistics import compare, judged_variants, plain_verdicts, rank_agreements, robust_claims

LABEL = "ndcg@10"
CHOICE = MetricChoice(LABEL, 10, "given")


def tables(users=300, gains=(0.03, 0.0), seed=0):
    rng = np.random.default_rng(seed)
    base = rng.random(users)
    found = {"base": table_of({LABEL: base})}
    for place, gain in enumerate(gains):
        found[f"run{place}"] = table_of({LABEL: base + rng.normal(gain, 0.15, users)})
    return found


def judged(runs, claims, **options):
    return list(judged_variants(runs, CHOICE, claims, **{"confidence": 0.95, "seed": 0} | options))


@pytest.mark.parametrize("gains", [(0.03,), (0.03, 0.0, -0.02)])
def test_each_variant_is_a_comparison_with_its_settings(gains):
    runs = tables(gains=gains)
    claims = plain_verdicts(compare(runs))
    found = judged(runs, claims)
    settings = {(one.test, one.correction) for one in found}
    assert len(found) == len(settings) * len(gains)
    assert {test for test, _ in settings} == {"t", "permutation", "wilcoxon", "sign"}
    for test, correction in settings:
        expected = {row.candidate: row for row in compare(runs, test=test, correction=correction).overall}
        for one in found:
            if (one.test, one.correction) != (test, correction):
                continue
            row = expected[one.candidate]
            assert one.p_adjusted == pytest.approx(row.p_adjusted)
            assert one.difference == pytest.approx(row.difference)
            assert one.holds == (one.verdict == claims[one.candidate, "base"])
            if test in ("t", "permutation"):
                assert one.verdict == row.verdict
                assert (one.ci_low, one.ci_high) == pytest.approx((row.ci_simultaneous_low, row.ci_simultaneous_high))
            else:
                assert (one.verdict != "undecided") == (row.p_adjusted < 0.05)
                assert math.isnan(one.ci_low)


def test_tests_of_ranks_follow_most_users():
    # Most users lose a little, a few win much: the mean is higher, and the sign test says lower.
    differences = np.concatenate([np.full(160, -0.01), np.full(40, 0.2)])
    runs = {"base": table_of({LABEL: np.full(200, 0.3)}), "new": table_of({LABEL: 0.3 + differences})}
    found = {one.test: one.verdict for one in judged(runs, {("new", "base"): "higher"})}
    assert (found["t"], found["sign"]) == ("higher", "lower")


def test_the_unit_of_items_is_among_the_variants():
    rng = np.random.default_rng(0)
    relevant = rng.integers(0, 40, 200)
    truth = Truth.from_lists([[int(item)] for item in relevant])
    runs = {
        name: harness.evaluate(
            TopK(np.where(rng.random(200) < chance, relevant, 40)[:, None]),
            truth,
            metrics=["ndcg"],
            cutoffs=[1],
            by_item=True,
        )
        for name, chance in (("base", 0.2), ("new", 0.5))
    }
    choice = MetricChoice("ndcg@1", 1, "given")
    found = list(judged_variants(runs, choice, {("new", "base"): "higher"}, confidence=0.95, seed=0))
    (both,) = [one for one in found if one.unit == "users_items"]
    (row,) = compare(runs, unit="users_items").overall
    assert (both.ci_low, both.ci_high) == pytest.approx((row.ci_users_items_low, row.ci_users_items_high))
    assert both.verdict == row.verdict == "higher"


def test_claims_are_without_a_margin():
    runs = tables(users=4000)
    assert compare(runs, margin=0.2).overall[0].verdict == "differs_within_margin"
    assert plain_verdicts(compare(runs, margin=0.2)) == plain_verdicts(compare(runs))
    assert plain_verdicts(compare(runs)) == {("run0", "base"): "higher", ("run1", "base"): "undecided"}


def test_claims_count_their_variants():
    def variant(candidate, verdict, holds):
        return JudgedVariant(candidate, "base", CHOICE, "t", "none", "users", 0, 0, 0, 1, verdict, holds)

    claims = {("a", "base"): "higher", ("b", "base"): "undecided"}
    found = robust_claims(
        claims,
        [
            variant("a", "higher", holds=True),
            variant("a", "lower", holds=False),
            variant("a", "undecided", holds=False),
            variant("b", "undecided", holds=True),
            variant("b", "lower", holds=False),
        ],
    )
    assert [(one.n_holds, one.n_variants, one.opposite) for one in found] == [(1, 3, 1), (1, 2, 0)]


def test_agreement_on_the_order_of_the_runs():
    runs = {
        name: table_of({LABEL: [value, value], "recall@10": [other, other]}, coverage=coverage)
        for name, value, other, coverage in (("a", 0.1, 0.3, 0.9), ("b", 0.2, 0.4, 0.5), ("c", 0.3, 0.35, 0.1))
    }
    comparison = compare(runs, primary=LABEL)
    found = {one.metric: one.tau for one in rank_agreements(comparison, runs)}
    assert found == pytest.approx({"recall@10": 1 / 3, "coverage@10": -1.0})
    assert found["recall@10"] == pytest.approx(stats.kendalltau([1, 2, 3], [0.3, 0.4, 0.35]).statistic)
    two = {name: runs[name] for name in ("a", "b")}
    assert rank_agreements(compare(two, primary=LABEL), two) == ()


def test_metrics_where_lower_is_better_are_turned():
    runs = {name: table_of({LABEL: [value, value]}) for name, value in (("a", 0.1), ("b", 0.2), ("c", 0.3))}
    ranks = {"a": 30.0, "b": 20.0, "c": 10.0}
    for name, table in runs.items():
        value = dataclasses.replace(table.values[0], label="rank", higher_is_better=False, value=ranks[name])
        runs[name] = dataclasses.replace(
            table, values=(*table.values, value), user_values={**table.user_values, "rank": np.full(2, ranks[name])}
        )
    comparison = compare(runs, primary=LABEL)
    assert isinstance(comparison.values, pd.DataFrame)
    assert [one.tau for one in rank_agreements(comparison, runs)] == [1.0]


def test_wilcoxons_direction_is_that_of_the_ranks():
    # More users lose, but those who win win more: the rank sum is positive, and the sign test sees no difference.
    differences = np.concatenate([np.full(60, -0.01), np.full(50, 0.2), np.zeros(90)])
    runs = {"base": table_of({LABEL: np.full(200, 0.3)}), "new": table_of({LABEL: 0.3 + differences})}
    found = {one.test: one.verdict for one in judged(runs, {("new", "base"): "higher"})}
    assert stats.wilcoxon(differences, alternative="greater").pvalue < 0.01
    assert (found["wilcoxon"], found["sign"]) == ("higher", "undecided")


def test_the_same_order_has_a_tau_of_1_with_ties():
    runs = {
        name: table_of({LABEL: [value, value], "recall@10": [2 * value, 2 * value]})
        for name, value in (("a", 0.1), ("b", 0.1), ("c", 0.3))
    }
    assert [one.tau for one in rank_agreements(compare(runs, primary=LABEL), runs)] == [1.0]
