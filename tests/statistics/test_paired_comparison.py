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
from paired_samples import table_of

from harness import evaluate
from harness.artifacts import PAIR_COLUMNS, ComparisonProtocol, MetricTable, TopK, Truth
from harness.errors import HarnessError
from harness.statistics import CHECKPOINT_NOTE, compare


def only(comparison, **wanted):
    pairs = comparison.pairs
    for column, value in wanted.items():
        pairs = pairs[pairs[column] == value]
    assert len(pairs) == 1
    return pairs.iloc[0]


def test_a_case_worked_by_hand():
    # Differences 1, 0, 0.5: mean 0.5, sd 0.5, t = 0.5 / (0.5 / sqrt 3) = sqrt 3, 2 degrees of freedom.
    # For 2 degrees the tail is exact: p = 1 - t / sqrt(t^2 + 2) = 1 - sqrt(3 / 5).
    tables = {"base": table_of({"ndcg@10": [0, 0.5, 0.5]}), "new": table_of({"ndcg@10": [1, 0.5, 1]})}
    row = only(compare(tables, test="t", correction="none"))
    assert row["difference"] == pytest.approx(0.5)
    assert row["p_value"] == pytest.approx(1 - math.sqrt(3 / 5), abs=1e-12)
    # Two users have a difference, fewer than 6: the interval is by the upper bound of their share.
    assert row["ci_low"] == -row["ci_high"]
    assert row["effect_size"] == pytest.approx(1.0)
    assert (row["wins"], row["ties"], row["losses"]) == (2, 1, 0)
    assert row["relative"] == pytest.approx(0.5 / (1 / 3))
    assert row["se_users"] == pytest.approx(0.5 / math.sqrt(3))
    assert row["n_nonzero"] == 2
    assert row["verdict"] == "undecided"


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_the_family_is_the_primary_metric_over_all_candidates(candidates, seed):
    rng = np.random.default_rng(seed)
    tables = {
        f"run{i}": table_of({"ndcg@10": rng.random(12), "recall@10": rng.random(12)}) for i in range(candidates + 1)
    }
    pairs = compare(tables, baseline="run0", primary="ndcg@10", correction="holm", test="t").pairs
    family, others = (pairs[pairs["metric"] == label] for label in ("ndcg@10", "recall@10"))
    assert family["p_adjusted"].tolist() == pytest.approx(holm(family["p_value"].tolist()))
    assert set(others["verdict"]) == {"exploratory"}
    for column in ("p_adjusted", "ci_simultaneous_low", "ci_simultaneous_high"):
        assert others[column].isna().all()
    assert others["p_value"].notna().all()


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
    both = compare(
        {
            "base": table_of({"ndcg@10": base[order]}, users=list(order)),
            "new": table_of({"ndcg@10": new[order]}, users=list(order)),
        }
    )
    assert only(straight)["p_value"] == only(shuffled)["p_value"] == only(both)["p_value"]


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
    up = compare({"base": table_of({"m@10": base}), "new": table_of({"m@10": new})}, margin=0.1)
    lower = {
        "base": table_of({"m@10": base}, higher_is_better=False),
        "new": table_of({"m@10": new}, higher_is_better=False),
    }
    assert only(up)["verdict"] == "better_by_margin"
    turned = compare(lower, margin=0.1)
    assert only(turned)["verdict"] == "worse_by_margin"
    assert (only(turned)["wins"], only(turned)["losses"]) == (0, 50)
    assert turned.best == ("base",)
    # Without a margin, the words are of the value.
    assert only(compare(lower))["verdict"] == "higher"


def test_identical_runs_are_not_tested_and_have_the_interval_of_no_difference():
    same = {"a": table_of({"ndcg@10": np.linspace(0, 1, 1_000)}), "b": table_of({"ndcg@10": np.linspace(0, 1, 1_000)})}
    row = only(compare(same))
    # The share of users with a difference is at most 1 - 0.05^(1/1000), and no difference is above 1.
    bound = 1 - 0.05 ** (1 / 1_000)
    assert (row["p_value"], row["ci_high"], row["verdict"]) == (1.0, pytest.approx(bound), "undecided")
    assert "nothing was tested" in row["statement"]
    assert only(compare(same, margin=0.01))["verdict"] == "equivalent"
    assert only(compare(same, margin=0.002))["verdict"] == "undecided"


@pytest.mark.parametrize("columns", [([0.0, 0.0], [0.5, 0.5]), ([0.0], [1.0]), ([0.1, 0.2, 0.3], [0.2, 0.3, 0.4])])
def test_few_users_are_undecided(columns):
    base, new = columns
    row = only(compare({"a": table_of({"ndcg@10": base}), "b": table_of({"ndcg@10": new})}, margin=0.5))
    assert row["verdict"] == "undecided"
    assert row["p_value"] >= 0.25


def test_a_constant_difference_of_all_users_is_a_difference():
    base = np.random.default_rng(0).integers(0, 64, 40) / 128
    row = only(compare({"a": table_of({"ndcg@10": base}), "b": table_of({"ndcg@10": base + 0.25})}, margin=0.1))
    assert (row["ci_low"], row["ci_high"]) == (0.25, 0.25)
    assert row["p_value"] == pytest.approx(1 / 10_001)
    assert row["verdict"] == "better_by_margin"


def test_equivalence_needs_a_margin_and_an_interval_inside_it():
    base = np.random.default_rng(2).random(4_000)
    tables = {"a": table_of({"ndcg@10": base}), "b": table_of({"ndcg@10": base + np.tile([0.01, -0.01], 2_000)})}
    assert only(compare(tables))["verdict"] == "undecided"
    assert only(compare(tables, margin=0.01))["verdict"] == "equivalent"
    assert only(compare(tables, margin=1e-9))["verdict"] == "undecided"
    assert only(compare(tables, margin={"ndcg@10": 0.01}))["verdict"] == "equivalent"


def test_metrics_over_all_lists_are_shown_without_a_test():
    comparison = compare(
        {"a": table_of({"ndcg@10": [0, 1, 1]}, coverage=0.2), "b": table_of({"ndcg@10": [1, 0, 1]}, coverage=0.5)},
        primary="ndcg@10",
    )
    row = only(comparison, metric="coverage@10")
    assert row["difference"] == pytest.approx(0.3)
    assert math.isnan(row["p_value"])
    assert row["verdict"] == "untested"
    assert any("without a test" in note for note in comparison.notes)
    assert tuple(comparison.pairs.columns) == PAIR_COLUMNS


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"baseline": "bas"}, "Did you mean 'base'"),
        ({"metrics": ["ndgc@10"]}, "Did you mean 'ndcg@10'"),
        ({"primary": "recall@10"}, "primary metric 'recall@10' is not compared"),
        ({"test": "permutations"}, "Did you mean 'permutation'"),
        (
            {"test": {"kind": "permutation", "flip": 200}},
            "unknown option 'flip' .* Did you mean 'flips'",
        ),
        ({"test": {"flips": 200}}, "the test has no kind"),
        ({"test": {"kind": "auto", "flips": 200}}, "the test auto has no options; leave out flips"),
        ({"test": "mcnemar", "correction": "none"}, "for metrics whose values are 0 or 1"),
        ({"pairs": "al"}, "Did you mean 'all'"),
        ({"correction": "hlm"}, "Did you mean 'holm'"),
        ({"margin": -0.1}, "a margin is positive"),
        ({"margin": {"ndcg@5": 0.1}}, "Did you mean 'ndcg@10'"),
        ({"confidence": 95}, "between 0 and 1"),
    ],
)
def test_wrong_arguments_say_what_would_work(arguments, message):
    tables = {"base": table_of({"ndcg@10": [0, 0.5]}), "new": table_of({"ndcg@10": [1, 1]})}
    with pytest.raises(HarnessError, match=message):
        compare(tables, **arguments)


TWO = {"base": table_of({"ndcg@10": [0, 1, 1, 0.5]}), "new": table_of({"ndcg@10": [1, 1, 0.5, 0]})}


def test_the_defaults_are_those_that_the_pages_state():
    found = compare(TWO)
    assert found.settings == ComparisonProtocol("baseline", "auto", "maxt", "users", 0.95, None, 0)
    assert (found.baseline, found.primary) == ("base", "ndcg@10")
    stated = compare(
        TWO,
        baseline="base",
        pairs="baseline",
        primary="ndcg@10",
        test="auto",
        correction="maxt",
        margin=None,
        confidence=0.95,
        seed=0,
    )
    pd.testing.assert_frame_equal(found.pairs, stated.pairs)


def test_the_settings_are_kept_as_they_were_used():
    found = compare(
        TWO,
        baseline="new",
        test={"kind": "permutation", "flips": 500},
        correction="none",
        confidence=0.8,
        seed=5,
        margin={"ndcg@10": 0.1},
    )
    expected = ComparisonProtocol("baseline", "permutation(flips=500)", "none", "users", 0.8, {"ndcg@10": 0.1}, 5)
    assert (found.settings, found.baseline) == (expected, "new")
    assert found.values.to_dict("records") == [
        {"run": "base", "ndcg@10": 0.625},
        {"run": "new", "ndcg@10": 0.625},
    ]


def test_several_metrics_need_a_primary_one():
    tables = {name: table_of({"ndcg@10": [0, 1], "recall@10": [0, 1]}) for name in "ab"}
    with pytest.raises(HarnessError, match=r"2 metrics are compared, and none is the primary one.*primary='ndcg@10'"):
        compare(tables)
    assert compare(tables, metrics=["recall@10"]).primary == "recall@10"


def test_a_seed_fixes_the_p_value_and_another_one_changes_it():
    rng = np.random.default_rng(3)
    tables = {name: table_of({"m@1": rng.random(60)}) for name in "ab"}
    first, again, other = (only(compare(tables, seed=seed))["p_value"] for seed in (1, 1, 2))
    assert first == again != other
    own = {"kind": "permutation", "seed": 1}
    assert only(compare(tables, test=own, seed=9))["p_value"] == first


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_not_finite_is_refused_with_metric_and_user(value):
    tables = {"a": table_of({"m@1": [0, 1, 1]}), "b": table_of({"m@1": [0, value, 1]}, users=["x", "y", "z"])}
    tables["a"] = table_of({"m@1": [0, 1, 1]}, users=["x", "y", "z"])
    with pytest.raises(HarnessError, match="m@1 of run 'b' is not a finite number for user y"):
        compare(tables)


def test_a_metric_of_another_direction_is_refused():
    tables = {"a": table_of({"m@1": [0, 1]}), "b": table_of({"m@1": [0, 1]}, higher_is_better=False)}
    with pytest.raises(HarnessError, match="higher values of m@1 are better in one of the runs 'a' and 'b'"):
        compare(tables)


def test_all_pairs_are_one_family():
    rng = np.random.default_rng(9)
    base = rng.random(200)
    tables = {
        name: table_of({"m@1": base + rng.normal(shift, 0.2, 200)})
        for name, shift in (("a", 0), ("b", 0.02), ("c", 0.2))
    }
    found = compare(tables, pairs="all", margin=0.5)
    assert found.baseline is None
    assert found.pairs[["candidate", "baseline"]].values.tolist() == [["b", "a"], ["c", "a"], ["c", "b"]]
    assert all("1 of 3 pairs" in statement for statement in found.pairs["statement"])
    assert found.best == ("c",)
    assert found.groups == {"a": "b", "b": "b", "c": "a"}
    # The differences are those of each pair by itself.
    alone = compare({"b": tables["b"], "c": tables["c"]}, baseline="b")
    assert only(found, candidate="c", baseline="b")["difference"] == only(alone)["difference"]
    assert only(found, candidate="c", baseline="b")["p_value"] == pytest.approx(only(alone)["p_value"], abs=1e-12)


def test_the_set_of_the_best_is_the_same_against_a_baseline():
    rng = np.random.default_rng(9)
    tables = {name: table_of({"m@1": rng.random(100)}) for name in "abc"}
    one, other = compare(tables, baseline="b"), compare(tables, pairs="all")
    assert (one.best, one.groups) == (other.best, other.groups)
    assert any("The set of the best (a star, or bold) holds" in note for note in one.notes)


@pytest.mark.parametrize("confidence", [0, 1, -0.1, 1.1, math.nan])
def test_confidence_is_between_0_and_1(confidence):
    with pytest.raises(HarnessError, match="between 0 and 1"):
        compare(TWO, confidence=confidence)


@pytest.mark.parametrize("margin", [0, -1, math.inf, math.nan])
def test_a_margin_is_positive_and_finite(margin):
    with pytest.raises(HarnessError, match="a margin is positive"):
        compare(TWO, margin=margin)


def test_a_margin_for_another_label_leaves_the_primary_metric_without():
    columns = {"ndcg@10": np.linspace(0, 1, 500), "recall@10": np.linspace(0, 1, 500)}
    same = {"a": table_of(columns), "b": table_of(columns)}
    verdicts = [
        only(compare(same, margin={label: 0.1}, primary="ndcg@10"), metric="ndcg@10")["verdict"] for label in columns
    ]
    assert verdicts == ["equivalent", "undecided"]


def test_only_the_metrics_asked_for_are_compared():
    columns = {"ndcg@10": [0, 1, 0.5], "recall@10": [0, 1, 0], "recall@5": [0, 0, 1]}
    tables = {"a": table_of(columns), "b": table_of(columns)}
    chosen = compare(tables, metrics=["recall@5", "ndcg@10"], primary="ndcg@10")
    assert chosen.pairs["metric"].tolist() == ["recall@5", "ndcg@10"]
    assert compare(tables, primary="ndcg@10").pairs["metric"].tolist() == list(columns)
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
    assert row["verdict"] == "untested"
    assert row["wins"] is pd.NA


def test_every_user_counts_also_those_who_tie():
    assert only(compare({"a": table_of({"m@1": [0, 0, 1]}), "b": table_of({"m@1": [0, 1, 1]})}))["n_users"] == 3


def test_the_verdict_is_of_the_family():
    # p is about .004 for each of 20 candidates, and above .05 corrected.
    base = np.linspace(0.1, 0.4, 8)
    change = np.array([0.03, 0.06, 0.05, 0.06, 0.01, 0.02, -0.01, 0.05])
    tables = {"base": table_of({"m@1": base})} | {f"c{i}": table_of({"m@1": base + change}) for i in range(20)}
    corrected, plain = (compare(tables, correction=name, test="t").pairs for name in ("holm", "none"))
    assert (corrected["p_value"] < 0.05).all()
    assert (corrected["p_adjusted"] > 0.05).all()
    assert set(corrected["verdict"]) == {"undecided"}
    assert set(plain["verdict"]) == {"higher"}
    # 20 candidates that are the same are one under maxT, which knows their correlation.
    assert set(compare(tables).pairs["verdict"]) == {"higher"}


def test_an_adjusted_p_value_never_changes_a_verdict():
    # Two candidates: by Holm, the second is tested at 5%, but Bonferroni's interval is at 2.5%.
    rng = np.random.default_rng(1)
    base = rng.random(400)
    change = rng.normal(0, 1, 400)
    change = (change - change.mean()) / change.std(ddof=1) / 20  # mean 0, standard error 1/400
    tables = {
        "base": table_of({"m@1": base}),
        "clear": table_of({"m@1": base + change + 0.02}),
        "close": table_of({"m@1": base + change + 2.1 / 400}),
    }
    row = only(compare(tables, test="t", correction="holm"), candidate="close")
    assert row["p_adjusted"] < 0.05
    assert row["verdict"] == "undecided"
    assert "says otherwise; the interval decides" in row["statement"]


@pytest.mark.parametrize("candidates", [1, 2])
def test_notes_say_which_family_is_corrected(candidates):
    rng = np.random.default_rng(0)
    tables = {name: table_of({"ndcg@10": rng.random(80)}) for name in ["base", *(f"c{i}" for i in range(candidates))]}
    words = {1: "ndcg@10 x 1 candidate.", 2: "ndcg@10 x 2 candidates."}[candidates]
    first, *_, last = compare(tables).notes
    assert first == (
        f"The family is {words} Its p-values and simultaneous intervals are by single-step maxT from the same sign "
        "flips. The verdicts come from the simultaneous intervals."
    )
    assert last == CHECKPOINT_NOTE
    assert "corrected by Holm's method" in compare(tables, correction="holm").notes[0]
    assert "not corrected for the number of comparisons" in compare(tables, correction="none").notes[0]
    assert any("another null hypothesis" in note for note in compare(tables, test="sign").notes)


@pytest.mark.parametrize(("differ", "words"), [(5, "fewer than 6 users differ in 1 of 1"), (29, "fewer than 30 users")])
def test_few_differences_are_a_warning(differ, words):
    base, new = np.zeros(500), np.zeros(500)
    new[:differ] = np.linspace(0.1, 0.9, differ)
    tables = {"a": table_of({"m@1": base}), "b": table_of({"m@1": new})}
    assert any(note.startswith("warning") and words in note for note in compare(tables).notes)
    new[:30] = np.linspace(0.1, 0.9, 30)
    assert not any(
        note.startswith("warning") for note in compare({"a": tables["a"], "b": table_of({"m@1": new})}).notes
    )


def test_objects_are_collected_again_after_a_comparison():
    gc.unfreeze()
    compare(TWO)
    assert gc.get_freeze_count() == 0
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        compare(TWO)
        assert gc.get_freeze_count() > frozen / 2 > 0  # frozen by the caller, and left so
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


def crossed_tables(shared_items=True, users=400, items=40, seed=0, gain=0.0):
    """Two runs with one relevant item per user. With shared items, whoever has an item has the same difference."""
    rng = np.random.default_rng(seed)
    relevant = rng.integers(0, items, users)
    better = rng.random(items if shared_items else users)
    draw = better[relevant] if shared_items else better
    new, base = draw < 0.35 + gain, draw > 0.7
    lists = {"new": np.where(new, relevant, items), "base": np.where(base, relevant, items)}
    truth = Truth.from_lists([[int(item)] for item in relevant])
    return {
        name: evaluate(TopK(chosen[:, None]), truth, metrics=["recall"], cutoffs=[1], by_item=True)
        for name, chosen in lists.items()
    }


class TestUsersAndItems:
    def test_each_row_has_both_intervals_and_verdicts(self):
        row = only(compare(crossed_tables(shared_items=False, gain=0.15), baseline="base"))
        assert row["n_items"] == 40
        assert row["verdict"] == row["verdict_users_items"] == "higher"
        # Differences of users of an item are independent: both errors are about equal.
        assert row["se_users_items"] == pytest.approx(row["se_users"], rel=0.3)
        assert row["ci_users_items_low"] <= row["ci_simultaneous_low"]
        assert row["ci_users_items_high"] >= row["ci_simultaneous_high"]
        assert "for other items" not in row["statement"]

    def test_where_the_verdicts_differ_the_row_says_so(self):
        tables = crossed_tables(seed=3, gain=0.1)
        row = only(compare(tables, baseline="base"))
        assert (row["unit"], row["verdict"], row["verdict_users_items"]) == ("users", "higher", "undecided")
        assert row["se_users_items"] > 2 * row["se_users"]
        assert "; 40 items; " in row["statement"]
        assert "; for other items like these: undecided: between -" in row["statement"]
        both = only(compare(tables, baseline="base", unit="users_items"))
        assert (both["unit"], both["verdict"], both["verdict_users_items"]) == ("users_items", "undecided", "undecided")
        assert both["statement"].startswith("undecided: between -")
        assert "; for these items: higher" in both["statement"]
        assert both["mde"] > row["mde"]
        for column in ("p_value", "ci_low", "ci_simultaneous_low", "se_users_items", "ci_users_items_high"):
            assert both[column] == row[column]

    def test_the_set_of_the_best_is_of_the_unit(self):
        tables = crossed_tables(seed=3, gain=0.1)
        assert compare(tables, baseline="base").best == ("new",)
        assert compare(tables, baseline="base", unit="users_items").best == ("new", "base")

    def test_no_verdict_is_stronger_for_more_items_than_for_these(self):
        for seed in range(30):
            tables = crossed_tables(shared_items=False, users=60, items=55, seed=seed, gain=0.1)
            row = only(compare(tables, baseline="base"))
            assert row["verdict_users_items"] in (row["verdict"], "undecided")

    def test_few_items_have_no_errors(self):
        found = compare(crossed_tables(items=20), baseline="base")
        row = only(found)
        assert row["n_items"] == 20
        assert row["verdict_users_items"] is None or pd.isna(row["verdict_users_items"])
        assert math.isnan(row["se_users_items"])
        assert any("need 30 distinct relevant items, and the runs have 20" in note for note in found.notes)
        both = only(compare(crossed_tables(items=20), baseline="base", unit="users_items"))
        assert both["verdict"] == "undecided"
        assert "the items are too few for a claim about other items" in both["statement"]

    def test_tables_without_contributions(self):
        tables = {"base": table_of({"recall@1": [0, 1] * 20}), "new": table_of({"recall@1": [1, 1] * 20})}
        found = compare(tables)
        assert any("nothing is known for other items" in note for note in found.notes)
        assert pd.isna(only(found)["n_items"])
        with pytest.raises(HarnessError, match=r"unit users_items needs what each item contributes.*by_item=True"):
            compare(tables, unit="users_items")

    def test_a_primary_metric_that_is_no_sum(self):
        truth = Truth.from_lists([[0, 1]] * 40)
        tables = {
            name: evaluate(TopK(lists), truth, metrics=["hit_rate", "recall"], cutoffs=[2], by_item=True)
            for name, lists in {"a": np.tile([0, 1], (40, 1)), "b": np.tile([1, 2], (40, 1))}.items()
        }
        with pytest.raises(HarnessError, match=r"hit_rate@2 is not\. Choose one of recall@2"):
            compare(tables, primary="hit_rate@2", unit="users_items")

    def test_metrics_that_are_no_sums_are_named(self):
        truth = Truth.from_lists([[item, item + 1] for item in range(40)])
        lists = {"a": np.arange(40)[:, None], "b": np.full((40, 1), 40)}
        tables = {
            name: evaluate(TopK(chosen), truth, metrics=["hit_rate", "recall"], cutoffs=[1], by_item=True)
            for name, chosen in lists.items()
        }
        notes = compare(tables, primary="recall@1").notes
        assert "For other items nothing is known in metrics that are not sums over relevant items: hit_rate@1." in notes

    def test_an_unknown_unit(self):
        with pytest.raises(HarnessError, match=r"unknown unit 'items'\. Did you mean 'users_items'"):
            compare(TWO, unit="items")


@pytest.mark.parametrize("test", ["auto", "t", "bootstrap", "permutation"])
@pytest.mark.parametrize("correction", ["maxt", "none"])
def test_a_constant_difference_of_all_users_is_decided(test, correction):
    tables = {"base": table_of({"ndcg@10": np.full(150, 0.25)}), "new": table_of({"ndcg@10": np.full(150, 0.5)})}
    row = only(compare(tables, test=test, correction=correction))
    assert row["verdict"] == "higher"
    assert (row["ci_low"], row["ci_high"]) == (0.25, 0.25)
    assert 0 < row["p_value"] < 0.001


def test_a_test_that_suits_the_primary_metric_alone():
    rng = np.random.default_rng(0)
    tables = {
        name: table_of({"recall@10": rng.random(200) < chance, "ndcg@10": rng.random(200)})
        for name, chance in (("base", 0.2), ("new", 0.6))
    }
    found = compare(tables, primary="recall@10", test="mcnemar", correction="none")
    assert only(found, metric="recall@10")["test"] == "mcnemar"
    assert only(found, metric="ndcg@10")["test"] == "permutation"
    with pytest.raises(HarnessError, match=r"^ndcg@10: McNemar's test is for metrics whose values are 0 or 1"):
        compare(tables, primary="ndcg@10", test="mcnemar", correction="none")
