"""Paired comparisons: hand-worked cases, properties, and plain-Python oracles."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.statistics import holm, t_statistic, t_tail

from harness.artifacts import PAIR_COLUMNS, MetricTable, MetricValue
from harness.errors import HarnessError
from harness.statistics import PairedT, compare


def table_of(columns, *, users=None, higher_is_better=True, coverage=None):
    columns = {label: np.asarray(values, dtype=np.float64) for label, values in columns.items()}
    n = len(next(iter(columns.values())))
    values = [
        MetricValue(
            label, label.partition("@")[0], 10, {}, "accuracy", higher_is_better, float(column.mean()), n_users=n
        )
        for label, column in columns.items()
    ]
    if coverage is not None:
        values.append(MetricValue("coverage@10", "coverage", 10, {}, "coverage", True, coverage))
    ids = np.arange(n) if users is None else np.asarray(users)
    return MetricTable(tuple(values), columns, ids, 0.95, {})


def only(comparison, **wanted):
    pairs = comparison.pairs
    for column, value in wanted.items():
        pairs = pairs[pairs[column] == value]
    assert len(pairs) == 1
    return pairs.iloc[0]


def test_a_case_worked_by_hand():
    # Differences 1, 0, 0.5: mean 0.5, sd 0.5, t = 0.5 / (0.5 / sqrt 3) = sqrt 3, 2 degrees of freedom.
    # For 2 degrees the tail is exact: p = 1 - t / sqrt(t^2 + 2) = 1 - sqrt(3 / 5).
    row = only(compare({"base": table_of({"ndcg@10": [0, 0.5, 0.5]}), "new": table_of({"ndcg@10": [1, 0.5, 1]})}))
    assert row["difference"] == pytest.approx(0.5)
    assert row["p_value"] == pytest.approx(1 - math.sqrt(3 / 5), abs=1e-12)
    # The 97.5% point of t with 2 degrees: 4.302652729911275.
    half = 4.302652729911275 * 0.5 / math.sqrt(3)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((0.5 - half, 0.5 + half))
    assert row["effect_size"] == pytest.approx(1.0)
    assert (row["wins"], row["ties"], row["losses"]) == (2, 1, 0)
    assert row["relative"] == pytest.approx(0.5 / (1 / 3))
    assert row["verdict"] == "inconclusive"


def test_p_values_equal_a_numerical_integral_of_the_density():
    rng = np.random.default_rng(0)
    ours, theirs = rng.random(40), rng.random(40)
    result = PairedT().test(ours, theirs, confidence=0.95)
    assert result.p_value == pytest.approx(t_tail(t_statistic((ours - theirs).tolist()), 39), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_holm_is_applied_within_each_metric_over_all_candidates(candidates, seed):
    rng = np.random.default_rng(seed)
    tables = {
        f"run{i}": table_of({"ndcg@10": rng.random(12), "recall@10": rng.random(12)}) for i in range(candidates + 1)
    }
    pairs = compare(tables, baseline="run0").pairs
    for _, family in pairs.groupby("metric"):
        assert family["p_adjusted"].tolist() == pytest.approx(holm(family["p_value"].tolist()))


def test_uncorrected_p_values_stay_as_they_are():
    rng = np.random.default_rng(1)
    tables = {name: table_of({"ndcg@10": rng.random(20)}) for name in "abc"}
    pairs = compare(tables, correction="none").pairs
    assert pairs["p_adjusted"].tolist() == pairs["p_value"].tolist()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.permutations(range(15)))
def test_users_are_paired_by_id_not_by_row(seed, order):
    rng = np.random.default_rng(seed)
    base, new = rng.random(15), rng.random(15)
    straight = compare({"base": table_of({"ndcg@10": base}), "new": table_of({"ndcg@10": new})})
    shuffled = compare(
        {"base": table_of({"ndcg@10": base}), "new": table_of({"ndcg@10": new[order]}, users=list(order))}
    )
    assert only(straight)["p_value"] == only(shuffled)["p_value"]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_swapping_the_runs_mirrors_everything(seed):
    rng = np.random.default_rng(seed)
    tables = {"a": table_of({"ndcg@10": rng.random(30)}), "b": table_of({"ndcg@10": rng.random(30)})}
    one, other = only(compare(tables, baseline="a")), only(compare(tables, baseline="b"))
    assert one["p_value"] == other["p_value"]
    assert (one["wins"], one["losses"]) == (other["losses"], other["wins"])
    assert (one["ci_low"], one["ci_high"]) == pytest.approx((-other["ci_high"], -other["ci_low"]))


def test_a_metric_where_lower_is_better_turns_the_verdict():
    base, new = np.linspace(1, 2, 50), np.linspace(1, 2, 50) + np.tile([0.4, 0.6], 25)
    up = only(compare({"base": table_of({"m@10": base}), "new": table_of({"m@10": new})}))
    lower = {
        "base": table_of({"m@10": base}, higher_is_better=False),
        "new": table_of({"m@10": new}, higher_is_better=False),
    }
    assert up["verdict"] == "better"
    assert only(compare(lower))["verdict"] == "worse"
    assert (only(compare(lower))["wins"], only(compare(lower))["losses"]) == (0, 50)


def test_identical_runs_have_p_one_and_no_width():
    same = {"a": table_of({"ndcg@10": [0.1, 0.2]}), "b": table_of({"ndcg@10": [0.1, 0.2]})}
    row = only(compare(same))
    assert (row["p_value"], row["ci_low"], row["ci_high"], row["verdict"]) == (1.0, 0.0, 0.0, "inconclusive")
    assert only(compare(same, margin=0.01))["verdict"] == "equivalent"


@pytest.mark.parametrize("columns", [([0.0, 0.0], [0.5, 0.5]), ([0.0], [1.0]), ([0.1, 0.2, 0.3], [0.2, 0.3, 0.4])])
def test_no_spread_means_no_claim(columns):
    base, new = columns
    row = only(compare({"a": table_of({"ndcg@10": base}), "b": table_of({"ndcg@10": new})}, margin=2.0))
    assert math.isnan(row["p_value"])
    assert row["verdict"] == "inconclusive"


def test_equivalence_needs_a_margin_and_an_interval_inside_it():
    base = np.random.default_rng(2).random(4_000)
    tables = {"a": table_of({"ndcg@10": base}), "b": table_of({"ndcg@10": base + np.tile([0.01, -0.01], 2_000)})}
    assert only(compare(tables))["verdict"] == "inconclusive"
    assert only(compare(tables, margin=0.01))["verdict"] == "equivalent"
    assert only(compare(tables, margin=1e-9))["verdict"] == "inconclusive"
    assert only(compare(tables, margin={"ndcg@10": 0.01}))["verdict"] == "equivalent"


def test_the_minimum_detectable_effect_is_found_with_80_percent_power():
    rng = np.random.default_rng(3)
    differences = rng.normal(0, 1, 50)
    row = only(compare({"a": table_of({"m@1": np.zeros(50)}), "b": table_of({"m@1": differences})}))
    draws = rng.normal(row["mde"], differences.std(ddof=1), (4_000, 50))
    t = draws.mean(axis=1) / (draws.std(axis=1, ddof=1) / math.sqrt(50))
    power = (np.abs(t) > 2.0095752371292397).mean()  # the 97.5% point with 49 degrees
    assert power == pytest.approx(0.8, abs=0.03)


def test_p_values_are_uniform_when_there_is_no_difference():
    rng = np.random.default_rng(4)
    p_values = [PairedT().test(rng.random(200), rng.random(200), confidence=0.95).p_value for _ in range(1_000)]
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.02)
    assert np.mean(np.array(p_values) < 0.5) == pytest.approx(0.5, abs=0.05)


def test_intervals_cover_at_their_level():
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(1_000):
        result = PairedT().test(rng.exponential(1, 100), rng.exponential(1.5, 100), confidence=0.9)
        covered += result.ci_low <= -0.5 <= result.ci_high
    assert covered / 1_000 == pytest.approx(0.9, abs=0.03)


def test_metrics_over_all_lists_are_shown_without_a_test():
    comparison = compare(
        {"a": table_of({"ndcg@10": [0, 1, 1]}, coverage=0.2), "b": table_of({"ndcg@10": [1, 0, 1]}, coverage=0.5)}
    )
    row = only(comparison, metric="coverage@10")
    assert row["difference"] == pytest.approx(0.3)
    assert math.isnan(row["p_value"])
    assert row["verdict"] == "not tested"
    assert any("without a test" in note for note in comparison.notes)
    assert tuple(comparison.pairs.columns) == PAIR_COLUMNS


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"baseline": "bas"}, "Did you mean 'base'"),
        ({"metrics": ["ndgc@10"]}, "Did you mean 'ndcg@10'"),
        ({"primary": "recall@10"}, "primary metric 'recall@10' is not compared"),
        ({"test": "paired_z"}, "Did you mean 'paired_t'"),
        ({"correction": "hlm"}, "Did you mean 'holm'"),
        ({"margin": -0.1}, "a margin is positive"),
        ({"margin": {"ndcg@5": 0.1}}, "Did you mean 'ndcg@10'"),
        ({"confidence": 95}, "between 0 and 1"),
    ],
)
def test_wrong_arguments_say_what_would_work(arguments, message):
    tables = {"base": table_of({"ndcg@10": [0, 1]}), "new": table_of({"ndcg@10": [1, 1]})}
    with pytest.raises(HarnessError, match=message):
        compare(tables, **arguments)


def test_one_run_is_no_comparison():
    with pytest.raises(HarnessError, match="two runs or more"):
        compare({"a": table_of({"ndcg@10": [0, 1]})})


def test_users_dropped_from_one_run_are_refused():
    tables = {"a": table_of({"ndcg@10": [0, 1, 1]}), "b": table_of({"ndcg@10": [0, 1]}, users=[0, 1])}
    with pytest.raises(HarnessError, match="1 are missing from 'b' and 0 are in it alone"):
        compare(tables)
