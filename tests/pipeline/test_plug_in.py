"""The example package with a metric and a test of significance: installed, listed, used; and its documentation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
PLUG_IN = ROOT / "tests/plug_in"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return an environment in which the package is installed."""
    folder = tmp_path_factory.mktemp("site")
    copy = tmp_path_factory.mktemp("source")
    for file in PLUG_IN.iterdir():
        if file.is_file():
            (copy / file.name).write_bytes(file.read_bytes())
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    done = subprocess.run([*command, "--target", folder, copy], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}


def command(environment, *arguments):
    program = "from harness.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_is_listed_and_explained(installed):
    facts = json.loads(command(installed, "metrics", "linear_gain", "--json"))
    assert facts["yaml"] == "{kind: linear_gain, k: 10}"
    assert "linear_gain" in command(installed, "metrics")


def test_a_yaml_uses_it(installed, small):
    change = "evaluation.metrics=[ndcg, linear_gain, {kind: linear_gain, k: 3}]"
    out = command(installed, "eval", small, "--quiet", "--set", change)
    assert "linear_gain" in out
    folder = small.parent / "reports/small/ease"
    results = json.loads((folder / "results.json").read_text())
    labels = [value["label"] for value in results["metrics"]]
    assert labels[3:] == ["linear_gain@1", "linear_gain@5", "linear_gain@10", "linear_gain@3"]
    # One relevant item a user: (k - rank + 1) / k where it is found.
    lists = pd.read_parquet(folder / "predictions.parquet")
    relevant = pd.read_parquet(folder / "target_ranks.parquet")[["user", "item"]]
    ranks = relevant.merge(lists, on=["user", "item"], how="left").set_index("user")["rank"]
    expected = ((5 - ranks + 1).clip(lower=0) / 5).fillna(0.0)
    values = pd.read_parquet(folder / "per_user.parquet").set_index("user")["linear_gain@5"]
    pd.testing.assert_series_equal(values.astype(float), expected.sort_index(), check_names=False, check_dtype=False)


def test_a_comparison_uses_its_test_of_significance(installed, small):
    other = "name=small/other", "evaluation.metrics=[ndcg]"
    command(installed, "eval", small, "--quiet", "--set", "evaluation.metrics=[ndcg]")
    command(installed, "eval", small, "--quiet", *(part for one in other for part in ("--set", one)))
    reports = small.parent / "reports/small"
    changes = "statistics.test=swap_runs", "statistics.seed=3"
    command(
        installed, "compare", reports / "ease", reports / "other", "--quiet",
        *(part for one in changes for part in ("--set", one)),
    )  # fmt: skip
    [written] = (small.parent / "reports/comparisons").rglob("comparison.json")
    comparison = json.loads(written.read_text())
    assert (comparison["settings"]["test"], comparison["settings"]["seed"]) == ("swap_runs", 3)
    assert [pair["p_value"] for pair in comparison["pairs"]] == [1.0] * len(comparison["pairs"])  # equal runs


def test_the_documentation_shows_the_very_files():
    page = (ROOT / "docs/own-metrics.md").read_text(encoding="utf-8")
    for name in ("linear_gain.py", "swap_runs.py", "pyproject.toml"):
        assert (PLUG_IN / name).read_text(encoding="utf-8") in page
