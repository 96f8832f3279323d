"""Metrics of what is known beside lists and truth: by hand, against plain Python, and what must hold for all."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
from histories import history_of
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import side as oracle

import harness
from harness import Categories, HarnessError, History, SideInformation, TopK, Truth, registry
from harness.evaluation import ShardScores, merge_shards, score_shard
from harness.experiment import expand_metrics
from harness.metrics import UserMetric

SIDE = {"popularity", "history", "categories", "vectors"}
NAMES = [name for name in sorted(registry.BUILT_IN["metrics"]) if SIDE & set(registry.load("metrics", name)().required)]
USER_NAMES = [name for name in NAMES if issubclass(registry.load("metrics", name), UserMetric)]

LOG3 = math.log2(3)
# Six items: the first two are the head (12 of 15 interactions), the others the tail; nobody had the last.
KNOWN = {
    "popularity": [8, 4, 1, 1, 1, 0],
    "users": 8,
    "history": [[0], [0, 1]],
    "categories": [{"x"}, {"x", "y"}, {"y"}, {"z"}, set(), {"x", "z"}],
    "vectors": [[1.0, 0.0], [2.0, 0.0], [0.0, 3.0], [-1.0, 0.0], [0.0, 0.0], None],
}
# Options, lists, truth, cutoff, value: worked on paper.
BY_HAND = {
    "novelty": [({}, [[1, 2]], [[5]], 2, (1 + 3) / 2), ({}, [[5, -1]], [[5]], 2, 3.0), ({}, [[-1, -1]], [[5]], 2, 0.0)],
    "epc": [
        ({}, [[1, 0]], [[5]], 2, 0.5 / (1 + 1 / LOG3)),
        ({}, [[5, -1]], [[5]], 2, 1 / (1 + 1 / LOG3)),
        ({"of": "hits"}, [[2, 1]], [[1]], 2, (0.5 / LOG3) / (1 + 1 / LOG3)),
    ],
    "efd": [
        ({}, [[2]], [[5]], 1, math.log2(15)),
        ({}, [[5]], [[5]], 1, math.log2(15)),
        ({"of": "hits"}, [[2, 1]], [[2]], 1, math.log2(15)),
    ],
    # The first user had item 0, so that 1 is expected; the second had 0 and 1: 2, 3 and 4 are as popular.
    "unexpectedness": [({}, [[1], [4]], [[5], [5]], 1, 0.0), ({}, [[2], [5]], [[5], [5]], 1, 1.0)],
    "serendipity": [({}, [[2], [5]], [[3], [5]], 1, 0.5), ({}, [[1, 2]], [[1, 2]], 1, 0.0)],
    "average_popularity": [({}, [[0, 2]], [[5]], 2, 4.5), ({}, [[5, 5]], [[5]], 2, 0.0)],
    "aplt": [({}, [[0, 2]], [[5]], 2, 0.5), ({"head": 0.5}, [[0, 1]], [[5]], 2, 0.5), ({}, [[2, 2]], [[5]], 2, 1.0)],
    "aclt": [({}, [[3, 2]], [[5]], 2, 2.0), ({}, [[3, 3]], [[5]], 2, 1.0)],
    "tail_share": [({}, [[0, 2], [0, -1]], [[5], [5]], 2, 1 / 3), ({}, [[-1]], [[5]], 1, 0.0)],
    # Three of the head's 1 + 0 places that were open are taken as 1 of 1, and 1 of the tail's 4 + 4.
    "pop_rsp": [({}, [[1], [2]], [[5], [5]], 1, (1 - 1 / 8) / (1 + 1 / 8)), ({}, [[-1]], [[5]], 1, 0.0)],
    "pop_reo": [({}, [[0, 2], [0, 5]], [[0, 2], [0, 3]], 2, (1 - 0.5) / 1.5), ({}, [[1]], [[5]], 1, 0.0)],
    # Lists of 4 and 1, histories of 8 and 6.
    "popularity_lift": [({}, [[1], [2]], [[5], [5]], 1, 5 / 14 - 1), ({}, [[-1]], [[5]], 1, 0.0)],
    "intra_list_diversity": [
        ({}, [[0, 1, 3]], [[5]], 3, (0.5 + 1 + 1) / 3),
        ({}, [[0, 4]], [[5]], 2, 0.0),  # of one nothing is known
        ({"by": "vectors"}, [[0, 1, 2]], [[5]], 3, (0 + 1 + 1) / 3),
        ({"by": "vectors"}, [[0, 3, 5]], [[5]], 3, 2.0),
    ],
    # The first user's history is x alone.
    "calibration": [
        ({}, [[0]], [[5]], 1, 0.0),
        ({}, [[4]], [[5]], 1, math.log(100)),
        ({"alpha": 0.5}, [[1]], [[5]], 1, math.log(1 / 0.75)),
        ({"divergence": "js"}, [[2]], [[5]], 1, 1.0),
        ({"divergence": "js"}, [[4]], [[5]], 1, 1.0),
    ],
    "debiased_recall": [
        ({"gamma": 1.0}, [[0, -1]], [[0, 2]], 2, (1 / 8) / (1 / 8 + 1)),
        ({}, [[0, 2]], [[0, 2]], 2, 1.0),
        ({"gamma": 0.0}, [[1]], [[1, 5]], 1, 0.5 / 1.5),
    ],
    "debiased_dcg": [
        ({"gamma": 1.0}, [[-1, 0]], [[0, 2]], 2, (1 / 8 / LOG3) / (1 / 8 + 1)),
        ({}, [[2, -1]], [[2]], 2, 1.0),
    ],
}
OPTIONS = {
    "epc": [{"of": "hits"}],
    "efd": [{"of": "hits"}],
    "aplt": [{"head": 0.3}],
    "aclt": [{"head": 0.3}],
    "tail_share": [{"head": 0.3}],
    "pop_rsp": [{"head": 0.3}],
    "pop_reo": [{"head": 0.3}],
    "intra_list_diversity": [{"by": "vectors"}],
    "calibration": [{"divergence": "js"}, {"alpha": 0.3}],
    "debiased_recall": [{"gamma": 0.5}],
    "debiased_dcg": [{"gamma": 0.5}],
}
SPECS = [{"kind": name, **options} for name in NAMES for options in ({}, *OPTIONS.get(name, []))]


def side_of(known, n_users):
    history = known["history"][:n_users]
    vectors = [[np.nan] * 2 if vector is None else vector for vector in known["vectors"]]
    return SideInformation(
        popularity=np.array(known["popularity"]),
        n_users=known["users"],
        history=history_of(history, len(vectors)),
        categories=Categories.of([sorted(names) for names in known["categories"]]),
        vectors=np.array(vectors, dtype=np.float32).reshape(len(vectors), 2),
    )


def measure(lists, truth, metrics, cutoffs, known=KNOWN, **options):
    return harness.evaluate(
        TopK(np.array(lists)), Truth.from_lists(truth), metrics=metrics, cutoffs=cutoffs,
        side=side_of(known, len(lists)), **options,
    )  # fmt: skip


@st.composite
def cases(draw):
    n_items, n_users = draw(st.integers(1, 8)), draw(st.integers(1, 6))
    item = st.integers(0, n_items - 1)
    users = draw(st.integers(1, 9))
    number = st.sampled_from([-1.0, 0.0, 0.5, 2.0])
    known = {
        "popularity": draw(st.lists(st.integers(0, users), min_size=n_items, max_size=n_items)),
        "users": users,
        "history": [draw(st.lists(item, max_size=6)) for _ in range(n_users)],
        "categories": [draw(st.sets(st.sampled_from("xyz"))) for _ in range(n_items)],
        "vectors": [draw(st.none() | st.lists(number, min_size=2, max_size=2)) for _ in range(n_items)],
    }
    lists = [draw(st.lists(st.integers(-1, n_items - 1), min_size=5, max_size=5)) for _ in range(n_users)]
    truth = [draw(st.lists(item, max_size=4)) for _ in range(n_users)]
    truth[draw(st.integers(0, n_users - 1))].append(draw(item))
    return known, lists, truth


def test_no_metric_lacks_its_tests():
    assert sorted(BY_HAND) == NAMES
    assert all(hasattr(oracle, name) for name in NAMES)


def test_every_metric_has_a_file_of_tests_that_looks_for_its_own():
    """test_every_metric.py, test_exact_ranks.py and this one each fail for a metric of theirs that lacks a test."""
    for name in registry.BUILT_IN["metrics"]:
        required = set(registry.load("metrics", name)().required)
        files = [required <= {"n_items"}, "target_ranks" in required, bool(SIDE & required)]
        assert files.count(True) == 1, name


@pytest.mark.parametrize(("name", "case"), [(name, case) for name in NAMES for case in BY_HAND[name]])
def test_worked_by_hand(name, case):
    options, lists, truth, k, expected = case
    table = measure(lists, truth, [{"kind": name, "k": k, **options}], None)
    assert table.values[0].value == pytest.approx(expected, abs=1e-12)


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(1, 5))
def test_equals_the_oracle(case, k):
    known, lists, truth = case
    users = [(lists[user], relevant, user) for user, relevant in enumerate(truth) if relevant]
    table = measure(lists, truth, SPECS, [k], known, n_jobs=1)
    for spec, metric in zip(SPECS, expand_metrics(SPECS, [k]), strict=True):
        options = {key: value for key, value in spec.items() if key != "kind"}
        definition = functools.partial(getattr(oracle, spec["kind"]), k=k, known=known, **options)
        if spec["kind"] in USER_NAMES:
            expected = [definition(ranked, relevant, user) for ranked, relevant, user in users]
            np.testing.assert_allclose(
                table.user_values[metric.label], expected, rtol=1e-6, atol=1e-6, err_msg=metric.label
            )
        else:
            assert table[metric.label].value == pytest.approx(definition(users), abs=1e-12), metric.label
        assert metric.lower - 1e-9 <= table[metric.label].value <= metric.upper + 1e-9


@settings(max_examples=40, deadline=None)
@given(cases(), st.randoms(use_true_random=False))
def test_names_of_items_and_order_of_users_change_nothing(case, random):
    known, lists, truth = case
    n_items, n_users = len(known["popularity"]), len(lists)
    names, order = list(range(n_items)), list(range(n_users))
    random.shuffle(names)
    random.shuffle(order)
    back = np.argsort(names)

    def rename(some):
        return [names[item] if item >= 0 else item for item in some]

    other = {
        **known,
        "history": [rename(known["history"][user]) for user in order],
        **{key: [known[key][item] for item in back] for key in ("popularity", "categories", "vectors")},
    }
    before = measure(lists, truth, SPECS, [3], known, n_jobs=1)
    after = measure(
        [rename(lists[user]) for user in order], [rename(truth[user]) for user in order], SPECS, [3], other, n_jobs=1
    )
    for one, two in zip(before.values, after.values, strict=True):
        assert one.value == pytest.approx(two.value, abs=1e-9)


def test_shards_give_the_same_bits():
    rng = np.random.default_rng(0)
    n_users, n_items = 9000, 50
    lists, truth = rng.integers(-1, n_items, (n_users, 6)), rng.integers(0, n_items, (n_users, 2))
    history = rng.integers(0, n_items, (n_users, 5)).astype(np.int32)
    side = SideInformation(
        popularity=rng.integers(0, 90, n_items),
        n_users=90,
        history=History(np.arange(n_users + 1) * 5, history.ravel(), n_items),
        categories=Categories.of([rng.choice(["x", "y", "z"], rng.integers(0, 3)).tolist() for _ in range(n_items)]),
        vectors=rng.normal(size=(n_items, 4)).astype(np.float32),
    )
    metrics = expand_metrics(SPECS, [1, 6])
    whole = harness.evaluate(TopK(lists), Truth.from_lists(truth), metrics=metrics, side=side, n_jobs=2)
    shards = []
    for start in (0, 8192):
        rows = np.arange(start, min(start + 8192, n_users))
        shard = score_shard(TopK(lists[rows]), Truth.from_lists(truth[rows]), metrics=metrics, side=side.rows(rows))
        shards.append(ShardScores.from_arrays(shard.to_arrays()))
    merged = merge_shards(shards, metrics=metrics)
    assert merged.values == whole.values
    for label, values in whole.user_values.items():
        assert values.tobytes() == merged.user_values[label].tobytes()


def test_what_is_lacking_is_told():
    lists, truth = TopK(np.array([[1]])), Truth.from_lists([[1]])
    for name, told in (
        ("novelty", r"novelty@1 needs how many users had each item before\. Pass side=SideInformation\(popularity"),
        ("calibration", r"calibration@1 needs what each user did before\. Pass side=SideInformation\(history"),
        ("intra_list_diversity", r"needs the categories of items\. Name their column by dataset\.items\.categories"),
        ({"kind": "intra_list_diversity", "by": "vectors"}, r"needs vectors of items\. Name their file by dataset\.it"),
    ):
        with pytest.raises(HarnessError, match=told):
            harness.evaluate(lists, truth, metrics=[name], cutoffs=[1], side=SideInformation())
    side = SideInformation(popularity=np.array([1, 2]), n_users=2)
    with pytest.raises(HarnessError, match="n_items is 9, and side information is of 2 items"):
        harness.evaluate(lists, truth, metrics=["novelty"], cutoffs=[1], side=side, n_items=9)
    other = SideInformation(history=History(np.array([0, 0, 0]), np.array([], np.int32), 2))
    with pytest.raises(HarnessError, match="history of side information has 2 rows, and the truth 1"):
        harness.evaluate(lists, truth, metrics=["recall"], cutoffs=[1], side=other)
    with pytest.raises(HarnessError, match="n_users is 1"):
        SideInformation(popularity=np.array([1, 2]), n_users=1)
    with pytest.raises(HarnessError, match="side information is of different catalogues"):
        SideInformation(popularity=np.array([1]), n_users=1, vectors=np.ones((2, 2)))


@pytest.mark.parametrize(
    "spec",
    [{"kind": "aplt", "head": 1.0}, {"kind": "pop_rsp", "head": 0.0}, {"kind": "calibration", "alpha": 0.0},
     {"kind": "debiased_recall", "gamma": -1.0}, {"kind": "epc", "of": "all"}],
)  # fmt: skip
def test_wrong_options(spec):
    with pytest.raises(HarnessError):
        expand_metrics([spec], [5])
