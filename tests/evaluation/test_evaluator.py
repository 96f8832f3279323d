"""From arrays to a table: alignment, summary, threads, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from metric_cases import oracle_of
from statsmodels.stats.proportion import proportion_confint

import harness
from harness import HarnessError, TopK, Truth
from harness.execution import Parallel
from harness.metrics import NDCG, Recall

ACCURACY = ["recall", "precision", "ndcg", "hit_rate"]


def random_case(users=200, k=10, n_items=60, seed=0):
    rng = np.random.default_rng(seed)
    lists = np.array([rng.choice(n_items, size=k, replace=False) for _ in range(users)])
    truth = [rng.choice(n_items, size=rng.integers(0, 6), replace=False).tolist() for _ in range(users)]
    truth[0] = [1]
    return lists, truth


def equal_to_the_bit(one, other):
    assert [value.label for value in one.values] == [value.label for value in other.values]
    assert one.values == other.values
    assert one.counts == other.counts
    assert list(one.users) == list(other.users)
    for label, values in one.user_values.items():
        assert (values == other.user_values[label]).all()


def test_summary_and_per_user():
    lists, truth = random_case()
    table = harness.evaluate(TopK(lists), Truth.from_lists(truth), metrics=ACCURACY, cutoffs=[5, 10])
    counting = [user for user, relevant in enumerate(truth) if relevant]
    summary = table.summary()
    assert list(summary.columns) == ["label", "value", "std", "ci_low", "ci_high", "n_users"]
    assert list(summary["label"]) == [f"{name}@{k}" for name in ACCURACY for k in (5, 10)]
    assert (summary["n_users"] == len(counting)).all()
    assert table.per_user["user"].tolist() == counting
    expected = np.array([oracle_of("ndcg")(lists[user].tolist(), truth[user], 10) for user in counting])
    found = table["ndcg@10"]
    assert found.value == pytest.approx(expected.mean())
    assert found.std == pytest.approx(expected.std(ddof=1))
    # Wilson's interval of so many trials of 0 and 1 as have the same variance.
    number = len(counting) * expected.mean() * (1 - expected.mean()) / expected.var()
    interval = proportion_confint(expected.mean() * number, number, method="wilson")
    assert (found.ci_low, found.ci_high) == pytest.approx(interval)
    assert (found.name, found.k, found.family, found.higher_is_better) == ("ndcg", 10, "accuracy", True)
    assert found.variant["ideal"] == "min_k"


def test_hit_rate_has_wilsons_interval():
    table = harness.evaluate(TopK(np.zeros((50, 1), int)), Truth.from_lists([[1]] * 50), metrics=["hit_rate"])
    assert table["hit_rate@1"].ci_low == 0.0
    assert table["hit_rate@1"].ci_high == pytest.approx(0.0714, abs=1e-4)


def test_the_defaults():
    lists, truth = random_case(k=12)
    table = harness.evaluate(TopK(lists), Truth.from_lists(truth))
    labels = [value.label for value in table.values]
    assert labels == [f"{name}@{k}" for name in [*ACCURACY, "diversity"] for k in (1, 5, 10)]
    with_size = harness.evaluate(TopK(lists), Truth.from_lists(truth), n_items=60)
    assert "coverage@10" in with_size.summary()["label"].tolist()
    assert table.confidence == 0.95


def test_metrics_as_names_maps_and_values():
    topk, truth = TopK(np.array([[1, 2, 3]])), Truth.from_lists([[3]])
    table = harness.evaluate(topk, truth, metrics=["ndcg", {"kind": "recall", "k": 2}, Recall(k=3)], cutoffs=[1])
    assert [value.label for value in table.values] == ["ndcg@1", "recall@2", "recall@3"]
    assert [value.value for value in table.values] == [0.0, 0.0, 1.0]


def test_one_user_claims_no_interval():
    table = harness.evaluate(TopK(np.array([[1]])), Truth.from_lists([[1]]), metrics=ACCURACY, cutoffs=[1])
    for value in table.values:
        assert (value.value, value.std, value.ci_low, value.ci_high) == (1.0, None, None, None)
    assert table.summary()["ci_low"].isna().all()


def many_users():
    # More than a block holds, so that blocks do run side by side.
    rng = np.random.default_rng(3)
    topk = TopK(rng.integers(-1, 5000, size=(40_000, 10)))
    return topk, Truth(np.arange(0, 120_001, 3), rng.integers(0, 5000, size=120_000))


def test_threads_change_no_bit():
    topk, truth = many_users()
    tables = [
        harness.evaluate(topk, truth, n_items=5000, cutoffs=[3, 10], **how)
        for how in ({"n_jobs": 1}, {"n_jobs": 2}, {"n_jobs": -1}, {"n_jobs": 5})
    ]
    for table in tables[1:]:
        equal_to_the_bit(tables[0], table)


@pytest.mark.slow
def test_processes_change_no_bit():
    topk, truth = many_users()
    one, other = (
        harness.evaluate(topk, truth, n_items=5000, parallel=Parallel(backend=backend, n_jobs=2))
        for backend in ("threading", "loky")
    )
    equal_to_the_bit(one, other)


def test_inputs_are_left_as_they_were():
    lists, truth = random_case()
    topk, held = TopK(lists.astype(np.int32)), Truth.from_lists(truth)
    before = topk.items.copy(), held.items.copy(), held.indptr.copy()
    harness.evaluate(topk, held, n_items=60)
    for one, other in zip(before, (topk.items, held.items, held.indptr), strict=True):
        assert (one == other).all()


def test_read_only_and_mapped_arrays(tmp_path):
    lists, truth = random_case()
    expected = harness.evaluate(TopK(lists), Truth.from_lists(truth), metrics=ACCURACY)
    path = tmp_path / "lists.npy"
    np.save(path, lists.astype(np.int32))
    equal_to_the_bit(expected, harness.evaluate(TopK(np.load(path, "r")), Truth.from_lists(truth), metrics=ACCURACY))


def test_counts():
    lists = [[1, 1, 2], [0, 2, 3], [-1, -1, -1], [4, -1, 5], [1, 2, 3]]
    truth = [[1, 1], [2], [3], [5], []]
    table = harness.evaluate(
        TopK(np.array(lists)), Truth.from_lists(truth), metrics=["recall", "coverage"], cutoffs=[3], n_items=6
    )
    assert dict(table.counts) == {
        "users_without_truth": 1,
        "users_without_predictions": 1,
        "short_lists": 1,
        "repeated_items": 1,
        "masked_scores": 0,
        "rounding_ties": 0,
        "repeated_relevant": 1,
        "contradicting_gains": 0,
    }
    assert table.user_values["recall@3"].tolist() == [1.0, 1.0, 0.0, 1.0]
    assert table["coverage@3"].value == 1.0


def test_users_without_truth_are_outside_every_metric():
    lists = np.array([[0, 1], [2, 3], [4, 5]])
    table = harness.evaluate(
        TopK(lists), Truth.from_lists([[0], [], [4]]), metrics=["coverage", "diversity"], cutoffs=[2], n_items=8
    )
    assert table["coverage@2"].value == 4 / 8
    assert table["diversity@2"].value == 1.0


def test_gains_of_zero_are_not_relevant():
    truth = Truth(np.array([0, 2, 3]), np.array([1, 2, 3]), gains=np.array([0.0, 2.0, 0.0]))
    table = harness.evaluate(TopK(np.array([[1, 2], [3, 4]])), truth, metrics=["recall", "precision"], cutoffs=[1, 2])
    assert table.user_values["recall@1"].tolist() == [0.0]
    assert table.user_values["recall@2"].tolist() == [1.0]
    assert table.counts["users_without_truth"] == 1


class TestOwnIds:
    def test_the_truth_defines_the_users(self):
        topk = TopK(np.array([[1, 2], [3, 4], [5, 6]]), users=np.array(["c", "x", "a"], dtype=object))
        truth = Truth.from_lists([[5], [9], [1], []], users=np.array(["a", "b", "c", "d"], dtype=object))
        table = harness.evaluate(topk, truth, metrics=["recall"], cutoffs=[1])
        assert table.per_user.to_dict("list") == {"user": ["a", "b", "c"], "recall@1": [1.0, 0.0, 1.0]}
        assert table.counts["users_without_predictions"] == 1
        assert table.counts["users_without_truth"] == 2  # x has no row of the truth, d an empty one

    def test_one_side_has_ids(self):
        lists, truth = np.array([[1], [2]]), [[1], [3]]
        for topk, held in (
            (TopK(lists, users=np.array([7, 5])), Truth.from_lists(truth)),
            (TopK(lists), Truth.from_lists(truth, users=np.array([7, 5]))),
        ):
            assert harness.evaluate(topk, held, metrics=["recall"]).per_user["user"].tolist() == [7, 5]

    def test_order_of_lists_changes_nothing(self):
        lists, truth = random_case()
        users = np.arange(len(lists)) * 3
        order = np.random.default_rng(1).permutation(len(lists))
        held = Truth.from_lists(truth, users=users)
        one = harness.evaluate(TopK(lists, users=users), held, n_items=60)
        equal_to_the_bit(one, harness.evaluate(TopK(lists[order], users=users[order]), held, n_items=60))

    @pytest.mark.parametrize(
        ("listed", "users", "message"),
        [
            ([1, 2], ["1", "2"], "user ids are integers in TopK.users and text in Truth.users"),
            ([1, 1], [1, 2], "TopK.users holds the user 1 twice"),
            ([1, 2], [2, 2], "Truth.users holds the user 2 twice"),
            ([1, 2], [3, 4], "no user in common: 1 is a user of the first, 3 of the second"),
            ([1, None], [1, 2], "user id in row 1 is missing"),
        ],
    )
    def test_ids_that_cannot_match(self, listed, users, message):
        topk = TopK(np.array([[1], [2]]), users=np.array(listed, dtype=object))
        truth = Truth.from_lists([[1], [2]], users=np.array(users, dtype=object))
        with pytest.raises(HarnessError, match=message):
            harness.evaluate(topk, truth, metrics=["recall"])


TOPK, TRUTH = TopK(np.array([[1, 2, 3]])), Truth.from_lists([[3]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"metrics": ["ndgc"]}, "unknown metric 'ndgc'. Did you mean 'ndcg'?"),
        ({"metrics": "ndcg"}, r"metrics is 'ndcg'; a list is needed"),
        ({"metrics": 5}, "metrics is 5; pass a list"),
        ({"metrics": []}, "no metrics"),
        ({"metrics": ["ndcg", "ndcg"]}, "'ndcg@1' is repeated"),
        ({"metrics": [{"kind": "ndcg", "gian": 1}]}, "gian"),
        ({"metrics": [pd.DataFrame]}, "."),
        ({"metrics": [Parallel()]}, "is not a metric"),
        ({"metrics": [NDCG(k=9)]}, "ndcg@9 looks at 9 ranks, and the lists have 3"),
        ({"metrics": ["coverage"]}, "coverage@1 needs the size of the catalogue. Pass n_items"),
        ({"cutoffs": [10]}, "recall@10 looks at 10 ranks, and the lists have 3"),
        ({"cutoffs": [0]}, "cutoff is 0"),
        ({"cutoffs": [1.5]}, "cutoff is 1.5"),
        ({"cutoffs": []}, "no cutoffs"),
        ({"cutoffs": 5}, r"cutoffs is 5; pass a list, such as cutoffs=\[5\]"),
        ({"n_items": 0}, "n_items is 0"),
        ({"n_items": True}, "n_items is True"),
        ({"n_items": 2.0}, "n_items is 2.0"),
        ({"n_items": 3}, "item index 3, outside a catalogue of 3 items. Pass n_items=4"),
        ({"n_jobs": 0}, "n_jobs is 0"),
        ({"n_jobs": "2"}, "n_jobs is '2'"),
        ({"confidence": 95}, "confidence is 95"),
        ({"confidence": "high"}, "confidence is 'high'"),
        ({"confidence": float("nan")}, "confidence is nan"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(HarnessError, match=message):
        harness.evaluate(TOPK, TRUTH, **arguments)


@pytest.mark.parametrize(
    ("topk", "truth", "message"),
    [
        (TOPK, None, "got a TopK and a NoneType"),
        (np.array([[1]]), TRUTH, "got a ndarray and a Truth"),
        (TOPK, pd.DataFrame({"user": [0], "item": [3]}), "Pass a TopK and a Truth, or two data frames"),
        (TopK(np.array([[1], [2]])), TRUTH, "2 lists for 1 users of the truth"),
        (TOPK, Truth.from_lists([[]]), "no user has a relevant item"),
        (TopK(np.empty((0, 3))), Truth.from_lists([]), "no user has a relevant item"),
        (TopK(np.empty((1, 0))), TRUTH, "k must be 1 or more"),
        (TOPK, Truth.from_lists([[-1]]), "item index -1; indices are 0 or more"),
    ],
)
def test_wrong_subjects(topk, truth, message):
    with pytest.raises(HarnessError, match=message):
        harness.evaluate(topk, truth)
