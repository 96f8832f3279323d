"""Splits derive from one base class, which says that a split has no tie rule unless it states one."""

import dataclasses

import pytest
from pydantic.dataclasses import dataclass

from harness import registry
from harness.artifacts import SplitRule


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Everything(SplitRule):
    kind = "everything"

    def split(self, interactions):
        return interactions


def test_a_split_without_a_rule_of_ties_has_none():
    assert Everything().ties is None
    assert dataclasses.fields(Everything) == ()


def test_a_split_has_to_split():
    with pytest.raises(TypeError, match="abstract"):
        SplitRule()


@pytest.mark.parametrize("name", sorted(registry.BUILT_IN["splits"]))
def test_every_built_in_split_derives_from_the_base(name):
    split = registry.load("splits", name)
    assert issubclass(split, SplitRule)
    assert split.kind == name
