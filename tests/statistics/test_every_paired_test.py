"""What holds for every registered test of significance, and that each has a test file of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic.dataclasses import dataclass

from harness import registry
from harness.artifacts import MetricTable, MetricValue
from harness.errors import HarnessError
from harness.statistics import PairedResult, PairedTest, compare

NAMES = sorted(registry.BUILT_IN["tests"])


@pytest.mark.parametrize("name", NAMES)
def test_each_has_a_test_file_named_after_it(name):
    module = registry.BUILT_IN["tests"][name].partition(":")[0].rpartition(".")[2]
    assert (Path(__file__).parent / f"test_{module}.py").exists()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_result(name):
    ours, theirs = np.random.default_rng(0).random((2, 60))
    kind = registry.load("tests", name)
    assert issubclass(kind, PairedTest)
    one, other = (kind(seed=7).test(ours, theirs, confidence=0.9) for _ in range(2))
    assert one == other
    assert 0 < one.p_value <= 1
    assert one.ci_low <= ours.mean() - theirs.mean() <= one.ci_high


@pytest.mark.parametrize("name", NAMES)
def test_equal_runs_are_not_distinguished(name):
    values = np.random.default_rng(1).random(40)
    result = registry.load("tests", name)().test(values, values, confidence=0.95)
    assert (result.p_value, result.ci_low, result.ci_high) == (1.0, 0.0, 0.0)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class SeedAsP(PairedTest):
    """A test whose p-value shows the seed."""

    def test(self, candidate, baseline, *, confidence):
        return PairedResult(self.seed / 100, 0.0, 1.0)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Stranger:
    """A class that is no test."""


def tables():
    def table(values):
        column = np.array(values)
        value = MetricValue("ndcg@10", "ndcg", 10, {}, "accuracy", True, float(column.mean()), n_users=3)
        return MetricTable((value,), {"ndcg@10": column}, np.arange(3), 0.95, {})

    return {"a": table([0.0, 1.0, 1.0]), "b": table([1.0, 1.0, 0.5])}


def test_a_test_gets_the_seed_of_the_comparison(monkeypatch):
    monkeypatch.setattr(registry, "load", lambda group, name: SeedAsP)
    assert compare(tables(), test="seed_as_p", seed=3).pairs["p_value"].tolist() == [0.03]


def test_a_class_that_does_not_inherit_paired_test_is_refused(monkeypatch):
    monkeypatch.setattr(registry, "load", lambda group, name: Stranger)
    with pytest.raises(
        HarnessError, match=r"'odd' is a Stranger, which does not inherit harness\.statistics\.PairedTest"
    ):
        compare(tables(), test="odd")
