"""The worked examples of CONTRIBUTING.md work."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import metric_cases
import pandas as pd
import pytest
from pyarrow import feather

from harness import HarnessError, registry
from harness.data.readers.interaction_files import read_interactions

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def block_with(text):
    [block] = [block for block in BLOCKS if text in block]
    return block


def module_of(name, source, monkeypatch):
    """Import the source under a name, as if it were a file of the package."""
    module = types.ModuleType(name)
    monkeypatch.setitem(sys.modules, name, module)
    exec(compile(source, name, "exec"), module.__dict__)  # noqa: S102 - our own page
    return module


@pytest.fixture
def hit_count(monkeypatch):
    """Follow the steps for a metric: a file, a line in the registry, a test file."""
    name, target = re.search(r'"(\w+)": "(harness.metrics[^"]+)"', block_with("harness.metrics.hit_count:")).groups()
    module_of("harness.metrics.hit_count", block_with("class HitCount"), monkeypatch)
    monkeypatch.setitem(registry.BUILT_IN["metrics"], name, target)
    registry.table.cache_clear()
    metric_cases.cases_of.cache_clear()
    yield module_of("metrics.test_hit_count", block_with("def hit_count"), monkeypatch)
    monkeypatch.undo()
    registry.table.cache_clear()
    metric_cases.cases_of.cache_clear()


def test_the_metric_of_the_example_passes_its_own_test_and_is_found(hit_count):
    cases = metric_cases.cases_of("hit_count")
    assert cases is hit_count.CASES
    for case in cases.by_hand:
        hit_count.test_worked_by_hand(case)
    hit_count.test_equals_the_oracle_on_random_lists()
    assert cases in metric_cases.all_cases()
    assert metric_cases.measure([[1, 2]], [[2]], ["hit_count"], [1, 2])["hit_count@2"].value == 1.0


def test_the_test_of_significance_of_the_example_is_that_of_the_package_that_is_installed():
    assert block_with("class SignFlips") == (ROOT / "tests/plug_in/sign_flips.py").read_text(encoding="utf-8")


def test_the_reader_of_the_example_reads_interactions(tmp_path, monkeypatch):
    name, target = re.search(r'"(\w+)": "(harness.data.readers[^"]+)"', PAGE).groups()
    module_of("harness.data.readers.feather", block_with("class FeatherReader"), monkeypatch)
    monkeypatch.setitem(registry.BUILT_IN["readers"], name, target)
    registry.table.cache_clear()
    try:
        plays = pd.DataFrame({"item": ["x", "y"], "user": ["ann", "bo"], "timestamp": [1, 2], "more": [0.5, 0.25]})
        feather.write_feather(plays, tmp_path / "plays.feather")
        columns = {"user": "user", "item": "item", "timestamp": None, "rating": None}
        interactions = read_interactions(tmp_path / "plays.feather", columns).interactions
        pd.testing.assert_frame_equal(interactions.frame(), plays[["user", "item", "timestamp"]])
        (tmp_path / "damaged.feather").write_bytes(b"FEA1 nothing")
        with pytest.raises(HarnessError, match=r"damaged\.feather"):
            read_interactions(tmp_path / "damaged.feather", columns)
    finally:
        monkeypatch.undo()
        registry.table.cache_clear()


def test_the_folders_of_the_map_are_those_of_the_package():
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]+`) \|", page, re.MULTILINE)
    named = set(re.findall(r"`(\w+)(?:/|\.py)`", " ".join(rows)))
    there = {path.name for path in (ROOT / "harness").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert there <= named
    for name in named:
        assert (ROOT / "harness" / name).is_dir() or (ROOT / "harness" / f"{name}.py").exists()
