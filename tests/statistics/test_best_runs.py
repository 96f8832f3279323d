"""The set of the best and groups of runs that are not shown to differ."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.statistics.best_runs import ranked_groups

KEYS = np.arange(5_000, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)


def groups_of(values, **options):
    n = len(next(iter(values.values())))
    return ranked_groups(values, KEYS[:n], **{"higher_is_better": True, "confidence": 0.95} | options)


def test_a_clear_order_has_one_best_run_and_a_letter_each():
    base = np.random.default_rng(0).random(500)
    noise = np.random.default_rng(1).normal(0, 0.01, (3, 500))
    runs = {"low": base + noise[0], "high": base + 0.5 + noise[1], "middle": base + 0.2 + noise[2]}
    found = groups_of(runs)
    assert found.best == ("high",)
    assert found.letters == {"low": "c", "high": "a", "middle": "b"}
    turned = groups_of(runs, higher_is_better=False)
    assert turned.best == ("low",)
    assert turned.letters == {"low": "a", "high": "c", "middle": "b"}


def test_groups_may_overlap():
    # a beats c, and b lies between: a and b share a letter, b and c another one.
    rng = np.random.default_rng(5)
    common = rng.random(200)
    runs = {name: common + shift + rng.normal(0, 0.3, 200) for name, shift in (("a", 0.1), ("b", 0.05), ("c", 0.0))}
    found = groups_of(runs)
    assert found.letters == {"a": "a", "b": "ab", "c": "b"}
    assert found.best == ("a", "b")


def test_equal_runs_are_all_the_best():
    values = np.random.default_rng(2).random(100)
    found = groups_of({"a": values, "b": values.copy(), "c": values.copy()})
    assert found.best == ("a", "b", "c")
    assert set(found.letters.values()) == {"a"}


def test_too_few_differences_show_nothing():
    base = np.zeros(1_000)
    other = base.copy()
    other[:5] = 1
    assert groups_of({"a": base, "b": other}).best == ("b", "a")


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 7), st.integers(0, 2**32 - 1))
def test_the_best_run_is_always_in_the_set_and_letters_are_transitive_groups(runs, seed):
    rng = np.random.default_rng(seed)
    common = rng.random(60)
    values = {f"r{i}": common + rng.normal(rng.choice([0, 0.1, 0.3]), 0.3, 60) for i in range(runs)}
    found = groups_of(values)
    top = max(values, key=lambda name: values[name].mean())
    assert found.best[0] == top
    shares = {
        frozenset(pair): bool(set(found.letters[pair[0]]) & set(found.letters[pair[1]]))
        for pair in itertools.combinations(values, 2)
    }
    # Runs that share no letter with the top run are beaten by it, and so are not in the set.
    assert all(shares[frozenset((top, name))] for name in found.best if name != top)


@pytest.mark.slow
def test_the_best_of_equal_runs_is_in_the_set_at_its_level():
    rng = np.random.default_rng(11)
    kept = 0
    for _ in range(300):
        common = rng.random(200)
        values = {f"r{i}": common + rng.normal(0, 0.3, 200) for i in range(5)}
        kept += len(groups_of(values).best) == 5
    assert kept / 300 >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 300)
