"""What holds for every metric of side information."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_cases import all_cases, measure

import harness
from harness import Categories, HarnessError, History, SideInformation, TopK, Truth
from harness.evaluation import ShardScores, merge_shards, score_shard
from harness.experiment import expand_metrics

CASES = [cases for cases in all_cases() if cases.reads_side]
SPECS = [{"kind": cases.metric, **options} for cases in CASES for options in ({}, *cases.variants())]


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


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(1, 5))
def test_equals_the_oracle(case, k):
    known, lists, truth = case
    table = measure(lists, truth, SPECS, [k], known=known)
    for cases in CASES:
        for options in ({}, *cases.variants()):
            cases.compare(table, lists, truth, k, n_items=None, known=known, options=options)
            assert cases.lower - 1e-9 <= table[cases.label(k, **options)].value <= cases.upper + 1e-9


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
    before = measure(lists, truth, SPECS, [3], known=known)
    after = measure(
        [rename(lists[user]) for user in order], [rename(truth[user]) for user in order], SPECS, [3], known=other
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


def test_what_is_lacking_is_reported():
    lists, truth = TopK(np.array([[1]])), Truth.from_lists([[1]])
    for name, message in (
        ("novelty", r"novelty@1 needs how many users had each item before\. Pass side=SideInformation\(popularity"),
        ("calibration", r"calibration@1 needs what each user did before\. Pass side=SideInformation\(history"),
        ("intra_list_diversity", r"needs the categories of items\. Name their column by dataset\.items\.categories"),
        ({"kind": "intra_list_diversity", "by": "vectors"}, r"needs vectors of items\. Name their file by dataset\.it"),
    ):
        with pytest.raises(HarnessError, match=message):
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
