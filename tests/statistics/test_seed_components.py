"""Seeds and users are crossed: worked cases, a plain-Python layout, statsmodels, and coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.statistics.seed_components import SeedValues, crossed_bootstrap, seed_error


def layout(rng, users, seeds, *, of_seeds=0.05, of_both=0.1, base=None):
    base = rng.normal(0, 0.3, users) if base is None else base
    return base + rng.normal(0, of_seeds, (seeds, 1)) + rng.normal(0, of_both, (seeds, users))


def test_a_case_worked_by_hand():
    # Two users, two seeds. Candidate means of seeds 0.2 and 0.6, of users 0.3 and 0.5; baseline 0.
    candidate = SeedValues(np.array([[0.2, 0.2], [0.4, 0.8]]))
    baseline = SeedValues(np.zeros((1, 2)), deterministic=True)
    assert candidate.mean == pytest.approx(0.4)
    assert candidate.seed_variance == pytest.approx(0.08)
    # Residuals are 0.1 and -0.1 twice: their squares sum to 0.04, with one degree of freedom.
    assert candidate.residual_variance == pytest.approx(0.04)
    found = seed_error(candidate, baseline)
    over_users = 0.02 / 2
    assert found.over_users**2 == pytest.approx(over_users)
    total = over_users + 0.08 / 2 - 0.04 / 4
    assert found.standard_error**2 == pytest.approx(total)
    assert found.df == pytest.approx(max(total**2 / (over_users**2 + 0.04**2 + 0.01**2), 1.0))
    assert found.seed_share == pytest.approx(1 - over_users / total)


def test_with_one_seed_each_it_is_the_paired_t_test():
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(size=(2, 60))
    found = seed_error(SeedValues(ours[None]), SeedValues(theirs[None]))
    expected = stats.ttest_rel(ours, theirs)
    assert (ours - theirs).mean() / found.standard_error == pytest.approx(expected.statistic)
    assert found.df == pytest.approx(expected.df)
    assert found.seed_share == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 12), st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_mean_squares_are_those_of_a_two_way_layout(users, seeds, seed):
    values = np.random.default_rng(seed).normal(size=(seeds, users))
    found, mean = SeedValues(values), values.mean()
    rows = [float(row.mean()) for row in values]
    columns = [float(column.mean()) for column in values.T]
    residual = sum((values[s, u] - rows[s] - columns[u] + mean) ** 2 for s in range(seeds) for u in range(users))
    assert found.residual_variance == pytest.approx(residual / ((seeds - 1) * (users - 1)), abs=1e-12)
    assert found.seed_variance == pytest.approx(sum((row - mean) ** 2 for row in rows) / (seeds - 1), abs=1e-12)


def test_mean_squares_are_those_of_statsmodels():
    import pandas as pd
    import statsmodels.formula.api as smf
    from statsmodels.stats.anova import anova_lm

    values = layout(np.random.default_rng(1), 20, 4)
    long = pd.DataFrame(
        [(seed, user, values[seed, user]) for seed in range(4) for user in range(20)], columns=["s", "u", "y"]
    )
    table = anova_lm(smf.ols("y ~ C(s) + C(u)", long).fit())
    found = SeedValues(values)
    assert found.residual_variance == pytest.approx(table.loc["Residual", "mean_sq"])
    assert found.seed_variance * 20 == pytest.approx(table.loc["C(s)", "mean_sq"])


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_seeds_only_widen(seeds, seed):
    rng = np.random.default_rng(seed)
    base = rng.normal(size=30)
    models = [SeedValues(layout(rng, 30, seeds, base=base)) for _ in range(2)]
    found = seed_error(*models)
    assert found.standard_error >= found.over_users * (1 - 1e-12)
    assert 0 <= found.seed_share < 1
    swapped = seed_error(*models[::-1])
    assert swapped.standard_error == pytest.approx(found.standard_error)


def covered(rng, seeds, repeats, method, users=150):
    hits = 0
    for _ in range(repeats):
        base = rng.normal(0, 0.3, users)
        ours, theirs = (SeedValues(layout(rng, users, seeds, base=base)) for _ in range(2))
        difference = ours.mean - theirs.mean
        if method == "bootstrap":
            low, high = crossed_bootstrap(ours, theirs, confidence=0.95, seed=int(rng.integers(2**31)))
            hits += low <= 0 <= high
            continue
        found = seed_error(ours, theirs)
        error, df = (found.over_users, users - 1) if method == "users" else (found.standard_error, found.df)
        hits += abs(difference) <= stats.t.ppf(0.975, df) * error
    return hits / repeats


@pytest.mark.parametrize("seeds", [3, 5])
def test_coverage_over_other_users_and_seeds(seeds):
    """2,000 draws: the binomial error of .95 is .005. Intervals over users alone do not cover other seeds."""
    rng = np.random.default_rng(seeds)
    assert 0.935 <= covered(rng, seeds, 2_000, "components") <= 0.98
    assert covered(rng, seeds, 500, "users") < 0.75


def test_coverage_of_the_crossed_bootstrap():
    """It is known to be too narrow with few seeds: about .92 with 3, .95 with 5 where users matter."""
    rng = np.random.default_rng(8)
    assert 0.84 <= covered(rng, 5, 100, "bootstrap", users=60) <= 0.99


def test_the_bootstrap_is_fixed_by_its_seed_and_blocks_do_not_matter(monkeypatch):
    rng = np.random.default_rng(2)
    ours, theirs = (SeedValues(layout(rng, 40, 4)) for _ in range(2))
    first = crossed_bootstrap(ours, theirs, confidence=0.9, seed=3)
    assert crossed_bootstrap(ours, theirs, confidence=0.9, seed=3) == first
    assert crossed_bootstrap(ours, theirs, confidence=0.9, seed=4) != first
    narrow = crossed_bootstrap(ours, theirs, confidence=0.5, seed=3)
    assert first[0] < narrow[0] < narrow[1] < first[1]


def test_one_user():
    found = seed_error(SeedValues(np.array([[0.1]])), SeedValues(np.array([[0.2]])))
    assert math.isnan(found.standard_error)


def test_when_the_values_say_something_about_the_algorithm():
    assert SeedValues(np.zeros((3, 2))).is_algorithm
    assert not SeedValues(np.zeros((2, 2))).is_algorithm
    assert SeedValues(np.zeros((1, 2)), deterministic=True).is_algorithm
