"""What holds for every registered test of significance, and that each has a test file of its own."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from paired_samples import sample_of, table_of
from pydantic.dataclasses import dataclass

from harness import registry
from harness.errors import HarnessError
from harness.statistics import PairedResult, PairedSample, PairedTest, compare
from harness.statistics.bootstrap import Bootstrap
from harness.statistics.mcnemar import McNemar

NAMES = sorted(registry.BUILT_IN["tests"])


@pytest.mark.parametrize("name", NAMES)
def test_each_has_a_test_file_named_after_it(name):
    module = registry.BUILT_IN["tests"][name].partition(":")[0].rpartition(".")[2]
    assert (Path(__file__).parent / f"test_{module}.py").exists()


def values_of(kind, seed):
    """Values of 400 users under two runs: 0 and 1 for McNemar's test."""
    ours, theirs = np.random.default_rng(seed).random((2, 400))
    return sample_of(ours < 0.6, theirs < 0.5) if kind is McNemar else sample_of(ours, theirs)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_result(name):
    kind = registry.load("tests", name)
    assert issubclass(kind, PairedTest)
    sample = values_of(kind, 0)
    one, other = (kind(seed=7).test(sample, confidence=0.9) for _ in range(2))
    assert (one.p_value, str(one)) == (other.p_value, str(other))
    assert 0 < one.p_value <= 1
    if kind.of_mean:
        assert one.ci_low <= sample.differences.mean() <= one.ci_high
    else:
        assert math.isnan(one.ci_low)
        assert math.isnan(one.ci_high)


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_users_changes_nothing(name):
    kind = registry.load("tests", name)
    sample = values_of(kind, 3)
    order = np.random.default_rng(0).permutation(400)
    shuffled = PairedSample(sample.candidate[order], sample.baseline[order], sample.keys[order])
    ours, theirs = (kind(seed=1).test(each, confidence=0.95) for each in (sample, shuffled))
    assert theirs.p_value == pytest.approx(ours.p_value, rel=1e-12)
    assert theirs.ci_low == pytest.approx(ours.ci_low, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize("name", NAMES)
def test_swapping_the_runs_mirrors_the_interval(name):
    kind = registry.load("tests", name)
    sample = values_of(kind, 4)
    swapped = PairedSample(sample.baseline, sample.candidate, sample.keys)
    ours, theirs = (kind(seed=1).test(each, confidence=0.95) for each in (sample, swapped))
    rel = 0.2 if kind is Bootstrap else 1e-9  # the same users are drawn, but quantiles are of a finite sample
    assert theirs.p_value == pytest.approx(ours.p_value, rel=rel)
    assert (-theirs.ci_high, -theirs.ci_low) == pytest.approx((ours.ci_low, ours.ci_high), rel=rel, nan_ok=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_wider_level_gives_a_wider_interval_around_the_narrow_one(name):
    kind = registry.load("tests", name)
    if kind.of_mean:
        narrow, wide = (kind().test(values_of(kind, 5), confidence=level) for level in (0.8, 0.99))
        assert wide.ci_low < narrow.ci_low < narrow.ci_high < wide.ci_high


@pytest.mark.parametrize("name", NAMES)
def test_interval_and_p_value_reject_together(name):
    kind = registry.load("tests", name)
    if not kind.of_mean:
        return
    decided = set()
    for seed in range(30):
        shift = 0.02 * (seed % 6)
        ours, theirs = np.random.default_rng(seed).random((2, 200))
        sample = sample_of(ours < 0.5 + shift, theirs < 0.5) if kind is McNemar else sample_of(ours + shift, theirs)
        result = kind(seed=seed).test(sample, confidence=0.9)
        assert (result.p_value <= 0.1) == (not result.ci_low <= 0 <= result.ci_high), (seed, result)
        decided.add(result.p_value <= 0.1)
    assert decided == {True, False}


@pytest.mark.parametrize("name", NAMES)
def test_equal_runs_are_not_distinguished(name):
    kind = registry.load("tests", name)
    values = values_of(kind, 1).candidate
    result = kind().test(sample_of(values, values), confidence=0.95)
    assert result.p_value == 1.0
    if kind.of_mean:
        assert (result.ci_low, result.ci_high) == (0.0, 0.0)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class SeedAsP(PairedTest):
    """A test whose p-value shows the seed."""

    def test(self, sample, *, confidence):
        return PairedResult(self.seed / 100, 0.0, 1.0)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Stranger:
    """A class that is no test."""


def tables():
    return {
        "a": table_of({"ndcg@10": np.linspace(0, 1, 9)}),
        "b": table_of({"ndcg@10": np.linspace(0, 1, 9) ** 2 + 0.01}),
    }


def register(monkeypatch, name, cls):
    monkeypatch.setattr(registry, "load", lambda group, asked: cls)
    monkeypatch.setattr(registry, "names", lambda group: [name])
    monkeypatch.setattr(registry, "kind_of", lambda group, component: name)


def test_a_test_gets_the_seed_of_the_comparison_unless_it_has_its_own(monkeypatch):
    register(monkeypatch, "seed_as_p", SeedAsP)
    runs = tables()
    assert compare(runs, test="seed_as_p", seed=3).pairs["p_value"].tolist() == [0.03]
    assert compare(runs, test={"kind": "seed_as_p", "seed": 8}, seed=3).pairs["p_value"].tolist() == [0.08]
    assert compare(runs, test=SeedAsP(seed=0), seed=3).pairs["p_value"].tolist() == [0.0]


def test_a_class_that_does_not_inherit_paired_test_is_refused(monkeypatch):
    register(monkeypatch, "odd", Stranger)
    with pytest.raises(
        HarnessError, match=r"'odd' is a Stranger, which does not inherit harness\.statistics\.PairedTest"
    ):
        compare(tables(), test="odd")
