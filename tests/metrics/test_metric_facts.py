"""What ``harness metrics`` shows is what the classes say."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Literal

import pytest
import yaml
from pydantic.dataclasses import dataclass

from harness import registry
from harness.errors import HarnessError
from harness.evaluation.arguments import metrics_of
from harness.metrics import Recall
from harness.metrics.metric_facts import OptionFacts, all_metric_facts, metric_facts

NAMES = sorted(registry.BUILT_IN["metrics"])


@pytest.mark.parametrize("name", NAMES)
def test_the_yaml_of_a_metric_is_the_metric_with_its_defaults(name: str) -> None:
    facts = metric_facts(name)
    assert metrics_of([yaml.safe_load(facts.yaml)], [3]) == (registry.load("metrics", name)(),)


@pytest.mark.parametrize("name", NAMES)
def test_texts_have_no_markup_and_name_every_option(name: str) -> None:
    facts = metric_facts(name)
    assert facts.summary.endswith(".")
    assert not any(mark in facts.description for mark in ("``", ":math:", "..", ">>>", "----"))
    for option in facts.options:
        assert f"\n{option}\n" in f"\n{facts.description}\n"
    json.dumps(all_metric_facts(), default=vars, allow_nan=False)


def test_the_documentation_lists_every_metric_as_its_class_states_it() -> None:
    docs = Path(__file__).parents[2] / "docs"
    script = runpy.run_path(str(docs / "metrics_table.py"))
    page = (docs / "metrics.md").read_text(encoding="utf-8")
    assert page == script["page_with_table"](page), "run: python docs/metrics_table.py"
    assert all(f"| `{name}` |" in page for name in NAMES)
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert any(row.startswith("| `gini` |") and "| 0 to 1, lower is better | `n_items` |" in row for row in rows)


def test_families_stand_together() -> None:
    families = [facts.family for facts in all_metric_facts()]
    assert sorted(families, key=families.index) == families
    assert len(families) == len(NAMES)


def test_facts_by_hand() -> None:
    facts = metric_facts("map")
    assert facts.options["denominator"] == OptionFacts("min_k", ("min_k", "relevant", "k", "list", "hits"))
    assert (facts.lower, facts.upper, facts.higher_is_better) == (0.0, 1.0, True)
    assert metric_facts("gini").higher_is_better is False
    assert metric_facts("dcg").upper is None
    assert metric_facts("shannon_entropy").yaml == "{kind: shannon_entropy, k: 10, base: e}"
    assert metric_facts("coverage").needs == ("n_items",)


def test_an_unknown_metric() -> None:
    with pytest.raises(HarnessError, match=r"unknown metric 'ndgc'\. Did you mean 'ndcg'\?"):
        metric_facts("ndgc")


def test_a_metric_of_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True, config={"extra": "forbid", "strict": True})
    class Plain(Recall):
        unit: Literal["1", "2"] = "1"
        exact: bool = True

    Plain.__doc__ = None
    monkeypatch.setattr(registry, "load", lambda group, name: Plain)
    facts = metric_facts("plain")
    assert yaml.safe_load(facts.yaml) == {
        "kind": "plain", "k": 10, "denominator": "relevant", "unit": "1", "exact": True
    }  # fmt: skip
