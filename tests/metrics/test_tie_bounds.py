"""Ties of scores: worst, expected and best values against every order of the tied, and what follows from them."""

from __future__ import annotations

import dataclasses
import itertools
import tracemalloc
import typing

import numpy as np
import pandas as pd
import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_cases import all_cases

import harness
from harness import HarnessError, TargetRanks, TopK, Truth, registry
from harness.artifacts import Rules
from harness.evaluation import ShardScores, merge_shards, score_shard
from harness.experiment import expand_metrics
from harness.metrics import AccuracyMetric

ACCURACY = [cases for cases in all_cases() if issubclass(cases.kind, AccuracyMetric) and not cases.reads_ranks]
ORACLES = {cases.metric: cases.oracle for cases in ACCURACY}
GRADED = {cases.metric for cases in ACCURACY if "gain" in cases.kind.__dataclass_fields__}


def all_specs():
    """Every metric of lists, by default and with each option at each of its other values."""
    for name in ORACLES:
        yield {"kind": name}
        cls = registry.load("metrics", name)
        kinds = typing.get_type_hints(cls)
        for option in dataclasses.fields(cls):
            for value in {float: (0.3,)}.get(kinds[option.name], typing.get_args(kinds[option.name])):
                if option.name != "k" and value != option.default and value != "micro":
                    yield {"kind": name, option.name: value}


SPECS = list(all_specs())
FALLING = {"kind": "map", "denominator": "hits"}  # a late hit lowers it, so that ties have no best order
RISING = [spec for spec in SPECS if spec != FALLING]


@dataclasses.dataclass
class User:
    """The scores of all items, what is relevant, and what that gains."""

    scores: list[float]
    relevant: list[int]
    gains: list[int]
    n_items: int

    @property
    def candidates(self):
        return range(len(self.scores))  # items beyond are no candidates

    def orders(self):
        """Every order of the candidates by descending score."""
        levels = sorted(set(self.scores), reverse=True)
        groups = [[item for item in self.candidates if self.scores[item] == level] for level in levels]
        for parts in itertools.product(*(itertools.permutations(group) for group in groups)):
            yield [item for part in parts for item in part]

    def value(self, spec, order, k):
        options = {key: value for key, value in spec.items() if key != "kind"}
        if spec["kind"] in GRADED:
            options["gains"] = dict(zip(self.relevant, self.gains, strict=True))
        return ORACLES[spec["kind"]](order, self.relevant, k, **options)

    def ranks(self):
        for item in self.relevant:
            if item not in self.candidates:
                yield -1, -1
            else:
                score = self.scores[item]
                yield sum(other > score for other in self.scores), sum(other == score for other in self.scores) - 1


@st.composite
def users(draw):
    n = draw(st.integers(1, 7))
    scores = draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    relevant = draw(st.lists(st.integers(0, n + 1), min_size=1, max_size=n + 2, unique=True))
    gains = draw(st.lists(st.integers(1, 4), min_size=len(relevant), max_size=len(relevant)))
    return User([float(score) for score in scores], relevant, gains, n + 2)


def arrays(some, k):
    """Lists in some order, truth with gains, and exact ranks."""
    lists = np.full((len(some), k), -1)
    for row, user in enumerate(some):
        order = sorted(user.candidates, key=lambda item, user=user: (-user.scores[item], item))[:k]
        lists[row, : len(order)] = order
    indptr = np.cumsum([0, *(len(user.relevant) for user in some)])
    truth = Truth(
        indptr,
        np.array([item for user in some for item in user.relevant]),
        np.array([gain for user in some for gain in user.gains]),
    )
    ranks = [pair for user in some for pair in user.ranks()]
    above, tied = np.array(ranks, dtype=np.int32).T
    return TopK(lists), truth, TargetRanks(above, tied, np.array([len(user.scores) for user in some], dtype=np.int32))


def labels_of(k, specs=SPECS):
    metrics = expand_metrics(specs, [k])
    return [metric.label for metric in metrics]


@settings(max_examples=60, deadline=None)
@given(st.lists(users(), min_size=1, max_size=3), st.integers(1, 8))
def test_equals_every_order_of_ties(some, k):
    lists, truth, ranks = arrays(some, 8)
    for ties, settle in (("worst", min), ("best", max), ("expected", np.mean)):
        specs = SPECS if ties == "expected" else RISING
        table = harness.evaluate(lists, truth, metrics=specs, cutoffs=[k], target_ranks=ranks, ties=ties, n_jobs=1)
        for spec, label in zip(specs, labels_of(k, specs), strict=True):
            expected = [settle([user.value(spec, order, k) for order in user.orders()]) for user in some]
            np.testing.assert_allclose(table.user_values[label], expected, rtol=0, atol=1e-12, err_msg=label)
            assert table[label].variant["ties"] == ties


@settings(max_examples=40, deadline=None)
@given(st.lists(users(), min_size=1, max_size=3), st.integers(1, 8), st.integers(1, 8))
def test_the_range_stands_beside_each_value_and_reaches_beyond_the_lists(some, k, length):
    lists, truth, ranks = arrays(some, length)
    table = harness.evaluate(lists, truth, metrics=SPECS, cutoffs=[k], target_ranks=ranks, n_jobs=1)
    modes = {
        ties: harness.evaluate(lists, truth, metrics=RISING, cutoffs=[k], target_ranks=ranks, ties=ties, n_jobs=1)
        for ties in ("worst", "expected", "best")
    }
    assert table[labels_of(k, [FALLING])[0]].ties is None
    for spec, label in zip(RISING, labels_of(k, RISING), strict=True):
        if spec.get("denominator") == "list" and length < len(max(some, key=lambda user: len(user.scores)).scores):
            continue  # lists of the length of the candidates are not lists that were cut
        value = table[label]
        for ties, other in modes.items():
            assert getattr(value.ties, ties) == pytest.approx(other[label].value, abs=1e-12)
        low, high = value.ties.worst - 1e-12, value.ties.best + 1e-12
        assert low <= value.value <= high
        assert low <= value.ties.expected <= high
        if spec["kind"] != "r_precision" and k > length:
            assert value.value == pytest.approx(value.ties.expected, abs=1e-12)
            assert value.variant["ties"] == "expected"


@pytest.mark.parametrize(("candidates", "k"), [(10, 3), (100, 10), (1000, 1)])
def test_a_constant_scorer_hits_by_chance(candidates, k):
    lists, truth = TopK(np.arange(k)[None, :]), Truth.from_lists([[candidates - 1]])
    ranks = TargetRanks(*(np.array([value], np.int32) for value in (0, candidates - 1, candidates)))
    table = harness.evaluate(
        lists, truth, metrics=["hit_rate", "auc"], cutoffs=[k], target_ranks=ranks, ties="expected"
    )
    assert table[f"hit_rate@{k}"].value == pytest.approx(k / candidates, abs=1e-15)
    assert table["auc"].value == 0.5
    seeded = harness.evaluate(lists, truth, metrics=["hit_rate"], cutoffs=[k], target_ranks=ranks)[f"hit_rate@{k}"]
    assert (seeded.ties.worst, seeded.ties.best) == (0.0, 1.0)
    assert seeded.ties.expected == pytest.approx(k / candidates, abs=1e-15)


def test_ranks_without_ties_have_no_range_and_equal_the_lists():
    rng = np.random.default_rng(3)
    some = [
        User(rng.permutation(50).astype(float).tolist(), rng.permutation(52)[:6].tolist(), [1, 2, 3] * 2, 52)
        for _ in range(40)
    ]
    lists, truth, ranks = arrays(some, 50)
    short = TopK(lists.items[:, :5])
    whole = harness.evaluate(lists, truth, metrics=SPECS, cutoffs=[20], target_ranks=ranks)
    told = harness.evaluate(short, truth, metrics=SPECS, cutoffs=[20], target_ranks=ranks)
    for spec, label in zip(RISING, labels_of(20, RISING), strict=True):
        value = whole[label]
        assert value.ties.worst == value.ties.best == pytest.approx(value.value, abs=1e-15)
        if spec["kind"] != "r_precision":
            np.testing.assert_allclose(told.user_values[label], whole.user_values[label], rtol=0, atol=1e-13)


def test_shards_give_the_same_bits():
    rng = np.random.default_rng(5)
    some = [
        User(rng.integers(0, 4, 7).astype(float).tolist(), rng.permutation(8)[:3].tolist(), [1, 2, 3], 8)
        for _ in range(9000)
    ]
    lists, truth, ranks = arrays(some, 4)
    specs = [*SPECS, {"kind": "precision", "denominator": "min_k", "average": "micro"}]
    metrics = expand_metrics(specs, [3, 6])
    whole = harness.evaluate(lists, truth, metrics=metrics, target_ranks=ranks, n_jobs=2)
    shards = []
    for start in (0, 8192):
        part = np.arange(start, min(start + 8192, len(some)))
        entries = slice(int(truth.indptr[start]), int(truth.indptr[part[-1] + 1]))
        cut = TargetRanks(ranks.above[entries], ranks.tied[entries], ranks.candidates[part])
        scores = score_shard(TopK(lists.items[part]), truth.rows(part), metrics=metrics, target_ranks=cut)
        shards.append(ShardScores.from_arrays(scores.to_arrays()))
    merged = merge_shards(shards, metrics=metrics)
    assert merged.values == whole.values
    for label, values in whole.user_values.items():
        assert (values == merged.user_values[label]).all()


def test_a_shared_denominator_is_that_of_all_users():
    truth = Truth.from_lists([[1, 2, 9], [3], [5]])
    metric = {"kind": "precision", "denominator": "min_k", "average": "micro", "k": 2}
    table = harness.evaluate(TopK(np.array([[1, 7], [3, 7], [8, 9]])), truth, metrics=[metric])
    assert table.values[0].value == pytest.approx(2 / 4)
    assert table.user_values[table.values[0].label].tolist() == pytest.approx([1 / (4 / 3), 1 / (4 / 3), 0.0])


@pytest.mark.parametrize("seed", range(3))
def test_ties_as_trec_eval_has_them(seed):
    rng = np.random.default_rng(seed)
    rows = [(f"u{user}", f"i{item}", float(rng.integers(0, 5))) for user in range(60) for item in rng.permutation(40)]
    predictions = pd.DataFrame(rows, columns=["user", "item", "score"])
    # A difference beyond single precision is none to trec_eval; ranks are not read.
    predictions.loc[::7, "score"] += 1e-12
    predictions["rank"] = predictions.groupby("user").cumcount() + 1
    held = pd.DataFrame(
        [(f"u{user}", f"i{item}", int(rng.integers(1, 4))) for user in range(60) for item in rng.permutation(40)[:6]],
        columns=["user", "item", "gain"],
    )
    evaluator = pytrec_eval.RelevanceEvaluator(
        {user: dict(zip(part["item"], part["gain"].tolist(), strict=True)) for user, part in held.groupby("user")},
        {"ndcg_cut.5,10", "recip_rank", "map_cut.10", "success.1", "Rprec"},
    )
    expected = evaluator.evaluate(
        {user: dict(zip(part["item"], part["score"], strict=True)) for user, part in predictions.groupby("user")}
    )
    names = {
        "ndcg[gain=linear]@5": "ndcg_cut_5",
        "ndcg[gain=linear]@10": "ndcg_cut_10",
        "mrr@40": "recip_rank",
        "map[denominator=relevant]@10": "map_cut_10",
        "hit_rate@1": "success_1",
        "r_precision": "Rprec",
    }
    metrics = [
        {"kind": "ndcg", "gain": "linear", "k": 5},
        {"kind": "ndcg", "gain": "linear", "k": 10},
        {"kind": "mrr", "k": 40},
        {"kind": "map", "denominator": "relevant", "k": 10},
        {"kind": "hit_rate", "k": 1},
        "r_precision",
    ]
    table = harness.evaluate(predictions, held, metrics=metrics, ties="trec_eval")
    for label, theirs in names.items():
        values = [expected[user][theirs] for user in table.users]
        np.testing.assert_allclose(table.user_values[label], values, rtol=0, atol=1e-12)
        assert table[label].variant["ties"] == "trec_eval"
    assert harness.evaluate(predictions, held, metrics=metrics)["mrr@40"].value != table["mrr@40"].value


@pytest.mark.parametrize("lists", [[[1, 2], [-1, -1], [5, 6]], None])
def test_users_without_predictions_may_be_left_out(lists):
    truth = Truth.from_lists([[1], [2], [9]])
    if lists is None:
        topk = TopK(np.array([[1, 2], [5, 6]]), users=np.array(["a", "c"], dtype=object))
        truth = Truth(truth.indptr, truth.items, users=np.array(["a", "b", "c"], dtype=object))
    else:
        topk = TopK(np.array(lists))
    metrics = ["recall", "user_coverage", "diversity"]
    zero = harness.evaluate(topk, truth, metrics=metrics, cutoffs=[2])
    dropped = harness.evaluate(topk, truth, metrics=metrics, cutoffs=[2], without_predictions="drop")
    assert (zero["recall@2"].value, dropped["recall@2"].value) == (pytest.approx(1 / 3), 0.5)
    assert (zero["user_coverage"].value, dropped["user_coverage"].value) == (pytest.approx(2 / 3), 1.0)
    assert zero.counts["users_without_predictions"] == dropped.counts["users_without_predictions"] == 1
    assert dropped["recall@2"].n_users == 2
    with pytest.raises(HarnessError, match="no user with a relevant item has predictions"):
        harness.evaluate(TopK(np.array([[-1]])), Truth.from_lists([[1]]), without_predictions="drop")


@settings(max_examples=40, deadline=None)
@given(st.lists(users(), min_size=1, max_size=4), st.lists(st.booleans(), min_size=4, max_size=4))
def test_users_who_are_left_out_leave_the_others_as_they_are(some, empty):
    lists, truth, ranks = arrays(some, 4)
    items = lists.items.copy()
    items[np.flatnonzero(empty[: len(some)])] = -1
    kept = np.flatnonzero(~np.array(empty[: len(some)]))
    if len(kept) == 0:
        return
    options = {"metrics": [*SPECS, "mean_rank"], "cutoffs": [3], "n_jobs": 1}
    dropped = harness.evaluate(TopK(items), truth, target_ranks=ranks, without_predictions="drop", **options)
    alone, own_truth, own_ranks = arrays([some[user] for user in kept], 4)
    expected = harness.evaluate(alone, own_truth, target_ranks=own_ranks, **options)
    for label, values in expected.user_values.items():
        assert dropped.user_values[label].tolist() == values.tolist(), label
    assert dropped.counts["users_without_predictions"] == len(some) - len(kept)


def test_what_does_not_fit_is_reported():
    lists, truth = TopK(np.array([[1]])), Truth.from_lists([[1]])
    ranks = TargetRanks(*(np.array([value], np.int32) for value in (0, 0, 9)))
    with pytest.raises(HarnessError, match="ties 'worst' needs the exact ranks"):
        harness.evaluate(lists, truth, metrics=["recall"], ties="worst")
    with pytest.raises(HarnessError, match=r"ties is 'bset'\. Did you mean 'best'"):
        harness.evaluate(lists, truth, metrics=["recall"], ties="bset")
    with pytest.raises(HarnessError, match="without_predictions is 'skip'"):
        harness.evaluate(lists, truth, metrics=["recall"], without_predictions="skip")
    with pytest.raises(HarnessError, match="needs item ids, and a TopK has none"):
        harness.evaluate(lists, truth, metrics=["recall"], ties="trec_eval")
    with pytest.raises(HarnessError, match="coverage@5 looks at 5 ranks, and the lists have 1"):
        harness.evaluate(lists, truth, metrics=["recall", "coverage"], cutoffs=[5], target_ranks=ranks, n_items=9)
    with pytest.raises(HarnessError, match="recall@5 looks at 5 ranks, and the lists have 1"):
        harness.evaluate(lists, truth, metrics=["recall"], cutoffs=[5])
    with pytest.raises(HarnessError, match=r"ndcg\[gain=linear\]@1 needs graded relevance"):
        harness.evaluate(lists, truth, metrics=[{"kind": "ndcg", "gain": "linear"}], cutoffs=[1])
    frame = pd.DataFrame({"user": [1], "item": [1], "score": [1.0]})
    with pytest.raises(HarnessError, match=r"has no best order of ties, as a further hit can lower it"):
        harness.evaluate(lists, truth, metrics=[FALLING], cutoffs=[1], target_ranks=ranks, ties="best")
    with pytest.raises(HarnessError, match="data frames have none"):
        harness.evaluate(frame, frame, metrics=["recall"], ties="worst")
    assert Rules().ties == "given"


@pytest.mark.parametrize("rule", ["worst", "best", "expected"])
def test_long_lists_take_a_bit_a_rank(rule):
    # 1,000 lists of 2,000 items: 8 MB. A bit set of each is 256 bytes; a byte or a word a rank would be 2 or 16 MB.
    users, k = 1000, 2000
    lists, truth = TopK(np.tile(np.arange(k, dtype=np.int32), (users, 1))), Truth.from_lists([[7]] * users)
    ranks = TargetRanks(np.full(users, 5, np.int32), np.full(users, 9, np.int32), np.full(users, k, np.int32))

    def measured():
        return harness.evaluate(
            lists, truth, metrics=["ndcg"], cutoffs=[10, k], target_ranks=ranks, ties=rule, n_jobs=1
        )

    measured()  # kernels are compiled before memory is measured
    tracemalloc.start()
    try:
        measured()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000
