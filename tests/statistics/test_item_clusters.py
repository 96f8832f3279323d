"""Two-way clustered errors: a case worked by hand, a plain-Python oracle, statsmodels, and halves of the catalogue."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.clusters import two_way_variance
from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

import harness
from harness import HarnessError, TopK, Truth
from harness.statistics import item_clusters
from harness.statistics.item_clusters import ItemClusters

N_ITEMS = 12


def tables_of(runs, truth, metrics=("recall",), cutoffs=(3,), users=None):
    return {
        name: harness.evaluate(
            TopK(np.array(lists), users=users),
            Truth.from_lists(truth, users=users),
            metrics=metrics,
            cutoffs=cutoffs,
            by_item=True,
        )
        for name, lists in runs.items()
    }


def errors_of(tables, label, pairs):
    differences = [tables[one].user_values[label] - tables[other].user_values[label] for one, other in pairs]
    return ItemClusters.of(tables).errors(label, pairs, differences)


def pair_differences(tables, label, one, other):
    """(user, item) to difference, from the contributions of both runs."""
    found = {}
    for name, sign in ((one, 1), (other, -1)):
        parts = tables[name].contributions
        for user, item, value in zip(parts.users, parts.items, parts.values[label], strict=True):
            key = int(user), int(parts.item_ids[item])
            found[key] = found.get(key, 0.0) + sign * float(value)
    return found


@st.composite
def cases(draw, runs=2):
    users = draw(st.integers(3, 12))
    row = st.lists(st.integers(0, N_ITEMS - 1), min_size=3, max_size=3, unique=True)
    lists = {f"run{place}": [draw(row) for _ in range(users)] for place in range(runs)}
    truth = [draw(st.lists(st.integers(0, N_ITEMS - 1), min_size=1, max_size=4, unique=True)) for _ in range(users)]
    truth[0], truth[1] = [0], [1, 2]  # at least three items, and different numbers of them
    return lists, truth


def test_a_case_worked_by_hand():
    # One relevant item each: item 7 of users 0 and 1, item 8 of user 2. The candidate hits for users 0 and 1.
    # d = 1, 1, 0, mean 2/3, residuals 1/3, 1/3, -2/3. V_users = V_ui = 6/9 / 9 * 3/2 = 1/9.
    # Sums by item: 2/3 and -2/3. V_items = 8/9 / 9 * 2/1 = 16/81.
    tables = tables_of({"new": [[7], [7], [1]], "base": [[1], [1], [1]]}, [[7], [7], [8]], cutoffs=[1])
    errors = errors_of(tables, "recall@1", [("new", "base")])
    assert errors.standard_errors[0] ** 2 == pytest.approx(16 / 81)
    assert errors.floors[0] ** 2 == pytest.approx(16 / 81 - 1 / 9)
    assert (errors.n_users, errors.n_items, errors.df) == (3, 2, 1)


@settings(max_examples=100, deadline=None)
@given(cases())
def test_equals_the_oracle(case):
    lists, truth = case
    tables = tables_of(lists, truth, ("recall", "ndcg", "precision"), (1, 3))
    for label in tables["run0"].contributions.values:
        errors = errors_of(tables, label, [("run0", "run1")])
        over_users, both = two_way_variance(pair_differences(tables, label, "run0", "run1"), truth)
        assert errors.standard_errors[0] ** 2 == pytest.approx(both, rel=1e-10, abs=1e-15)
        assert errors.floors[0] ** 2 == pytest.approx(both - over_users, rel=1e-7, abs=1e-14)


@settings(max_examples=50, deadline=None)
@given(cases())
def test_equals_statsmodels_on_rows_scaled_by_the_share(case):
    """A regression through the origin of d·√|R| on √(1/|R|), a row per user and relevant item, has the same scores."""
    lists, truth = case
    tables = tables_of(lists, truth)
    differences = pair_differences(tables, "recall@3", "run0", "run1")
    pairs = [(user, item) for user, items in enumerate(truth) for item in items]
    scale = np.array([math.sqrt(1 / len(truth[user])) for user, _ in pairs])
    outcome = np.array([differences.get(pair, 0.0) for pair in pairs]) / scale
    fitted = sm.OLS(outcome, scale).fit()
    if n_distinct(pairs) < 2 or not fitted.resid.any():
        return
    both, over_users, _ = cov_cluster_2groups(
        fitted, np.array([user for user, _ in pairs]), np.array([item for _, item in pairs]), use_correction=True
    )
    expected = max(float(over_users[0, 0]), float(both[0, 0]))
    (found,) = errors_of(tables, "recall@3", [("run0", "run1")]).standard_errors
    assert fitted.params[0] == pytest.approx(sum(differences.values()) / len(truth))
    assert found**2 == pytest.approx(expected, rel=1e-10, abs=1e-15)


def n_distinct(pairs):
    return len({item for _, item in pairs})


@settings(max_examples=40, deadline=None)
@given(cases(runs=4))
def test_several_differences_are_those_of_each_pair(case):
    lists, truth = case
    tables = tables_of(lists, truth)
    pairs = list(itertools.combinations(lists, 2))
    together = errors_of(tables, "recall@3", pairs)
    for place, pair in enumerate(pairs):
        alone = errors_of(tables, "recall@3", [pair])
        assert together.standard_errors[place] == pytest.approx(alone.standard_errors[0], rel=1e-12, abs=1e-15)
    assert np.diag(together.correlation).tolist() == [1.0] * len(pairs)
    assert np.linalg.eigvalsh(together.correlation).min() > -1e-6


def test_blocks_of_pairs_give_the_same(monkeypatch):
    rng = np.random.default_rng(3)
    lists = {name: [rng.permutation(N_ITEMS)[:3].tolist() for _ in range(40)] for name in ("run0", "run1", "run2")}
    truth = [rng.permutation(N_ITEMS)[: rng.integers(1, 4)].tolist() for _ in range(40)]
    tables = tables_of(lists, truth)
    pairs = [("run1", "run0"), ("run2", "run0")]
    whole = errors_of(tables, "recall@3", pairs)
    monkeypatch.setattr(item_clusters, "_BLOCK", 3)
    blocks = errors_of(tables, "recall@3", pairs)
    np.testing.assert_allclose(blocks.standard_errors, whole.standard_errors, rtol=1e-12)
    np.testing.assert_allclose(blocks.correlation, whole.correlation, atol=1e-12)


def test_the_order_of_users_changes_nothing():
    rng = np.random.default_rng(4)
    users = np.array([f"user {place}" for place in range(30)], dtype=object)
    lists = {name: np.array([rng.permutation(N_ITEMS)[:3] for _ in users]) for name in ("run0", "run1")}
    truth = [rng.permutation(N_ITEMS)[: rng.integers(1, 4)].tolist() for _ in users]
    tables = tables_of(lists, truth, users=users)
    order = rng.permutation(30)
    shuffled = tables_of({"run1": lists["run1"][order]}, [truth[user] for user in order], users=users[order])
    expected = errors_of(tables, "recall@3", [("run0", "run1")])
    differences = [tables["run0"].user_values["recall@3"] - tables["run1"].user_values["recall@3"]]
    found = ItemClusters.of(tables | shuffled).errors("recall@3", [("run0", "run1")], differences)
    assert found.standard_errors[0] == pytest.approx(expected.standard_errors[0], rel=1e-12)


def test_different_relevant_items_are_refused():
    lists = {"run0": [[1, 2], [3, 4]]}
    tables = tables_of(lists, [[1], [3]], cutoffs=[2])
    other = tables_of({"run1": lists["run0"]}, [[1], [4]], cutoffs=[2])
    with pytest.raises(HarnessError, match="'run1' and 'run0' were measured on different relevant items"):
        ItemClusters.of(tables | other)
    # The same items, but another number of them for a user.
    more = tables_of({"run1": lists["run0"]}, [[1, 3], [3]], cutoffs=[2])
    with pytest.raises(HarnessError, match="different relevant items"):
        ItemClusters.of(tables | more)


def test_a_run_without_contributions_or_a_metric_that_is_no_sum():
    tables = tables_of({"a": [[1, 2]], "b": [[2, 1]]}, [[1, 2]], metrics=["hit_rate", "recall"], cutoffs=[2])
    assert errors_of(tables, "hit_rate@2", [("a", "b")]) is None
    assert errors_of(tables, "recall@2", [("a", "b")]) is not None
    plain = harness.evaluate(TopK(np.array([[1, 2]])), Truth.from_lists([[1, 2]]), metrics=["recall"], cutoffs=[2])
    assert ItemClusters.of(tables | {"c": plain}) is None


def shared_item_effects(rng, users, items, repeats):
    """Differences of two equally good runs that rank each item differently, for all its users alike."""
    relevant = rng.integers(0, items, (repeats, users))
    effects = rng.choice([-1.0, 0.0, 1.0], size=(repeats, items), p=[0.15, 0.7, 0.15])
    return relevant, np.take_along_axis(effects, relevant, axis=1)


def test_intervals_cover_the_mean_of_other_items_where_those_over_users_do_not():
    """2,000 draws of users and items: the true difference is 0. The binomial error of .05 is .005."""
    rng = np.random.default_rng(0)
    users, items, repeats = 400, 80, 2_000
    relevant, differences = shared_item_effects(rng, users, items, repeats)
    truth = [[item] for item in range(items)]
    missed = {"users": 0, "both": 0}
    for row, values in zip(relevant, differences, strict=True):
        # The candidate hits where the difference is 1, the baseline where it is -1.
        lists = {
            "new": np.where(values[:, None] == 1, row[:, None], items),
            "base": np.where(values[:, None] == -1, row[:, None], items),
        }
        tables = tables_of(lists, [truth[item] for item in row], cutoffs=[1])
        errors = errors_of(tables, "recall@1", [("new", "base")])
        critical = errors.critical("none", 0.95)
        missed["both"] += abs(values.mean()) > critical * errors.standard_errors[0]
        missed["users"] += abs(values.mean()) > 1.96 * values.std(ddof=1) / math.sqrt(users)
    assert 0.03 <= missed["both"] / repeats <= 0.08
    assert missed["users"] / repeats > 0.25
