"""Paired comparisons: hand-worked cases, properties, and plain-Python oracles."""

from __future__ import annotations

import gc
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.statistics import holm

from harness.artifacts import PAIR_COLUMNS, MetricTable, MetricValue
from harness.errors import HarnessError
from harness.statistics import CHECKPOINT_NOTE, compare


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


TWO = {"base": table_of({"ndcg@10": [0, 1, 1, 0.5]}), "new": table_of({"ndcg@10": [1, 1, 0.5, 0]})}


def test_the_defaults_are_those_that_the_pages_state():
    settings = {"test": "paired_t", "correction": "holm", "confidence": 0.95, "seed": 0, "margin": None}
    found = compare(TWO)
    assert (found.settings, found.baseline, found.primary) == (settings, "base", None)
    stated = compare(TWO, baseline="base", test="auto", correction="holm", margin=None, confidence=0.95, seed=0)
    pd.testing.assert_frame_equal(found.pairs, stated.pairs)


def test_the_settings_are_kept_as_they_were_used():
    chosen = {"test": "paired_t", "correction": "none", "confidence": 0.8, "seed": 5, "margin": {"ndcg@10": 0.1}}
    found = compare(TWO, baseline="new", primary="ndcg@10", **chosen)
    assert (found.settings, found.baseline, found.primary) == (chosen, "new", "ndcg@10")
    assert found.values.to_dict("records") == [
        {"run": "base", "ndcg@10": 0.625},
        {"run": "new", "ndcg@10": 0.625},
    ]


@pytest.mark.parametrize("confidence", [0, 1, -0.1, 1.1, math.nan])
def test_confidence_is_between_0_and_1(confidence):
    with pytest.raises(HarnessError, match="between 0 and 1"):
        compare(TWO, confidence=confidence)


@pytest.mark.parametrize("margin", [0, -1, math.inf, math.nan])
def test_a_margin_is_positive_and_finite(margin):
    with pytest.raises(HarnessError, match="a margin is positive"):
        compare(TWO, margin=margin)


def test_a_margin_for_one_label_leaves_the_others_without():
    columns = {"ndcg@10": [0.1, 0.2], "recall@10": [0.1, 0.2]}
    same = {"a": table_of(columns), "b": table_of(columns)}
    pairs = compare(same, margin={"recall@10": 0.1}).pairs
    assert dict(zip(pairs["metric"], pairs["verdict"], strict=True)) == {
        "ndcg@10": "inconclusive",
        "recall@10": "equivalent",
    }


def test_only_the_metrics_asked_for_are_compared():
    columns = {"ndcg@10": [0, 1, 0.5], "recall@10": [0, 1, 0], "recall@5": [0, 0, 1]}
    tables = {"a": table_of(columns), "b": table_of(columns)}
    assert compare(tables, metrics=["recall@5", "ndcg@10"]).pairs["metric"].tolist() == ["recall@5", "ndcg@10"]
    assert compare(tables).pairs["metric"].tolist() == list(columns)
    with pytest.raises(HarnessError, match="no metric in common"):
        compare({"a": table_of({"ndcg@10": [0, 1]}), "b": table_of({"recall@10": [0, 1]})})


def test_a_baseline_of_0_has_no_relative_difference():
    row = only(compare({"a": table_of({"m@1": [0, 0, 0]}), "b": table_of({"m@1": [0, 1, 0.5]})}))
    assert row["difference"] == pytest.approx(0.5)
    assert math.isnan(row["relative"])


@pytest.mark.parametrize("lacking", ["a", "b"])
def test_values_a_user_of_one_run_alone_are_no_test(lacking):
    tables = {name: table_of({"m@1": [0, 1, 1]}) for name in "ab"}
    tables[lacking] = MetricTable(tables[lacking].values, {}, tables[lacking].users, 0.95, {})
    row = only(compare(tables, margin=0.5))
    assert (row["verdict"], row["wins"]) == ("not tested", pytest.approx(math.nan, nan_ok=True))


def test_every_user_counts_also_those_who_tie():
    assert only(compare({"a": table_of({"m@1": [0, 0, 1]}), "b": table_of({"m@1": [0, 1, 1]})}))["n_users"] == 3


def test_one_null_p_value_leaves_the_family_of_the_others():
    rng = np.random.default_rng(7)
    base = rng.random(30)
    tables = {
        "base": table_of({"m@1": base}),
        "constant": table_of({"m@1": base + 0.25}),  # every difference is equal: no p-value
        "one": table_of({"m@1": base + rng.normal(0.02, 0.1, 30)}),
        "two": table_of({"m@1": base + rng.normal(0.05, 0.1, 30)}),
    }
    pairs = compare(tables, baseline="base").pairs.set_index("candidate")
    assert math.isnan(pairs.loc["constant", "p_adjusted"])
    tested = pairs.loc[["one", "two"]]
    assert tested["p_adjusted"].tolist() == pytest.approx(holm(tested["p_value"].tolist()))


def test_the_verdict_is_of_the_corrected_test():
    # Differences 0.4, 0.6, ... of 4 users: p is about .004 for each of 20 candidates, and .08 corrected.
    base = np.array([0.1, 0.2, 0.3, 0.4])
    tables = {"base": table_of({"m@1": base})}
    tables |= {f"c{i}": table_of({"m@1": base + np.array([0.03, 0.06, 0.05, 0.06])}) for i in range(20)}
    corrected, plain = (compare(tables, correction=name).pairs for name in ("holm", "none"))
    assert (corrected["p_value"] < 0.05).all()
    assert (corrected["p_adjusted"] > 0.05).all()
    assert set(corrected["verdict"]) == {"inconclusive"}
    assert set(plain["verdict"]) == {"better"}


@pytest.mark.parametrize("candidates", [1, 2])
def test_notes_say_which_family_is_corrected(candidates):
    tables = {"base": TWO["base"]} | {f"c{i}": TWO["new"] for i in range(candidates)}
    words = {1: "ndcg@10 x 1 candidate.", 2: "ndcg@10 x 2 candidates."}[candidates]
    notes = compare(tables, primary="ndcg@10").notes
    assert notes == (
        f"p-values are corrected by Holm's method within each metric; the declared family is {words}",
        "ndcg@10 decides; findings on the other metrics are exploratory.",
        CHECKPOINT_NOTE,
    )
    assert compare(tables).notes == (
        "p-values are corrected by Holm's method within each metric; the declared family is each metric.",
        CHECKPOINT_NOTE,
    )
    assert compare(tables, correction="none").notes == (
        "p-values are not corrected for the number of comparisons.",
        CHECKPOINT_NOTE,
    )


def test_objects_are_collected_again_after_a_comparison():
    gc.unfreeze()
    compare(TWO)
    assert gc.get_freeze_count() == 0
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        compare(TWO)
        assert gc.get_freeze_count() >= frozen > 0  # frozen by the caller, and left so
    finally:
        gc.unfreeze()


def test_one_run_is_not_a_comparison():
    with pytest.raises(HarnessError, match="two runs or more"):
        compare({"a": table_of({"ndcg@10": [0, 1]})})


def test_the_error_counts_users_of_either_run():
    base = table_of({"ndcg@10": [0, 1, 1]}, users=["x", "y", "z"])
    for users, message in (
        (["x", "y", "z", "w"], "0 are missing from 'b' and 1 are only in it"),
        (["y", "z"], "1 are missing from 'b' and 0 are only in it"),
        (["u", "v", "w"], "3 are missing from 'b' and 3 are only in it"),
    ):
        with pytest.raises(HarnessError, match=message):
            compare({"a": base, "b": table_of({"ndcg@10": [0.5] * len(users)}, users=users)})


def test_users_dropped_from_one_run_are_refused():
    tables = {"a": table_of({"ndcg@10": [0, 1, 1]}), "b": table_of({"ndcg@10": [0, 1]}, users=[0, 1])}
    with pytest.raises(HarnessError, match="1 are missing from 'b' and 0 are only in it"):
        compare(tables)
