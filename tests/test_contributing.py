"""The worked examples of CONTRIBUTING.md work."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SELECTED = "hit_count or coin_flips or feather or test_file"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def block_with(text):
    [block] = [block for block in BLOCKS if text in block]
    return block


EXAMPLES = {  # the files of each example by a word that only they hold
    "class HitCount": "harness/metrics/hit_count.py",
    "def hit_count": "tests/metrics/test_hit_count.py",
    "class CoinFlips": "harness/statistics/coin_flips.py",
    "import CoinFlips": "tests/statistics/test_coin_flips.py",
    "class FeatherReader": "harness/data/readers/feather.py",
    "feather.write_feather": "tests/data/readers/test_feather.py",
}
LINES = {
    "metrics": "harness.metrics.hit_count:",
    "tests": "harness.statistics.coin_flips:",
    "readers": "harness.data.readers.feather:",
}
CHECKED = (
    "tests/metrics/test_hit_count.py",
    "tests/metrics/test_every_rank_metric.py",
    "tests/statistics/test_coin_flips.py",
    "tests/statistics/test_every_paired_test.py",
    "tests/data/readers/test_feather.py",
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Return a copy of the project in which all examples were followed."""
    folder = tmp_path_factory.mktemp("project")
    leave_out = shutil.ignore_patterns("__pycache__", ".*_cache", ".hypothesis")
    for name in ("harness", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=leave_out)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for word, path in EXAMPLES.items():
        assert not (folder / path).exists(), path
        (folder / path).write_text(block_with(word), encoding="utf-8")
    registry = (folder / "harness/registry.py").read_text(encoding="utf-8")
    for group, word in LINES.items():
        head = f'    "{group}": {{\n'
        assert head in registry
        registry = registry.replace(head, f"{head}        {block_with(word)}", 1)
    (folder / "harness/registry.py").write_text(registry, encoding="utf-8")
    return folder


def test_the_examples_pass_the_linter(copy):
    subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", *EXAMPLES.values()], cwd=copy, check=True, timeout=120
    )
    subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--check", "--no-cache", *EXAMPLES.values()],
        cwd=copy,
        check=True,
        timeout=120,
    )


@pytest.mark.slow
def test_the_examples_pass_their_own_tests_and_those_of_their_kind(copy):
    """Each example is found by its name, and by the tests of all metrics, readers and tests of significance."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", SELECTED]
    environment = os.environ | {"PYTHONPATH": str(copy)}
    ended = subprocess.run(
        [*command, *CHECKED], cwd=copy, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert ended.returncode == 0, ended.stdout[-3_000:]
    assert int(re.search(r"(\d+) passed", ended.stdout)[1]) > 15


def test_the_folders_of_the_map_are_those_of_the_package():
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]+`) \|", page, re.MULTILINE)
    named = set(re.findall(r"`(\w+)(?:/|\.py)`", " ".join(rows)))
    there = {path.name for path in (ROOT / "harness").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert there <= named
    for name in named:
        assert (ROOT / "harness" / name).is_dir() or (ROOT / "harness" / f"{name}.py").exists()
