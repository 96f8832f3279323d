"""``harness compare --swap-lists``: p-values of metrics over all lists."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import harness
from harness.errors import HarnessError
from harness.pipeline import ComparisonOptions, ScoreOptions, compare_runs, score

METRICS = "evaluation.metrics=[ndcg, coverage, gini, diversity]"


@pytest.fixture
def folder_of(small, tmp_path):
    """Return a function that scores lists of items, one per user, as a run."""
    base = harness.load_experiment(small, [METRICS, "candidates.exclude=none", "evaluation.cutoffs=[5]"])

    def folder_of(name, items_of):
        users = [f"u{place:03d}" for place in range(60)]
        rows = [(user, item, rank + 1) for user in users for rank, item in enumerate(items_of(user))]
        pd.DataFrame(rows, columns=["user", "item", "rank"]).to_csv(tmp_path / f"{name}.csv", index=False)
        return str(score(tmp_path / f"{name}.csv", base, ScoreOptions(name=name, quiet=True)).folder)

    return folder_of


@pytest.fixture
def catalogue(small):
    return sorted(pd.read_csv(small.with_name("data.csv"))["item"].unique())


def compared(folders, **options):
    found = compare_runs(folders, options=ComparisonOptions(quiet=True, track=False, swap_lists=True, **options))
    return {row.metric: row for row in found.comparison.overall}, found.comparison.notes


def test_the_same_items_for_all_have_less_coverage_than_random_ones(folder_of, catalogue):
    rng = np.random.default_rng(0)
    same = folder_of("same", lambda user: catalogue[:5])
    other = folder_of("other", lambda user: rng.choice(catalogue, 5, replace=False))
    rows, notes = compared([same, other])
    assert rows["coverage@5"].difference > 0
    assert rows["coverage@5"].verdict == "exploratory"
    # Any swap leaves one user at least with the other lists on both sides, so that the observed difference is extreme.
    assert rows["coverage@5"].p_value == pytest.approx(1 / 1000)
    assert "by 999 swaps of whole lists; 60 users" in rows["coverage@5"].statement
    assert rows["gini@5"].p_value < 0.05
    assert rows["diversity@5"].test is None
    assert any("Not tested by swaps: diversity@5" in note for note in notes)


def test_equal_runs_are_not_told_apart(folder_of, catalogue):
    rng = np.random.default_rng(1)
    one, other = (folder_of(name, lambda user: rng.choice(catalogue, 5, replace=False)) for name in ("one", "other"))
    rows, _ = compared([one, other])
    assert rows["gini@5"].p_value > 0.05
    same, _ = compared([one, folder_of("copy", lambda user: listed(one)[user])])
    assert same["coverage@5"].p_value == 1.0


def listed(folder):
    lists = pd.read_parquet(f"{folder}/predictions.parquet").sort_values(["user", "rank"])
    return lists.groupby("user")["item"].apply(list).to_dict()


def test_without_the_flag_nothing_is_tested(folder_of, catalogue):
    folders = [folder_of(name, lambda user: catalogue[:5]) for name in ("one", "other")]
    found = compare_runs(folders, options=ComparisonOptions(quiet=True, track=False)).comparison
    assert next(row for row in found.overall if row.metric == "coverage@5").test is None


def test_rolling_history_is_refused(small):
    path = small.with_name("rolling.yaml")
    split = "  split: {kind: global_time, test: 0.5, history: rolling}"
    folders = []
    for name in ("one", "other"):
        text = small.read_text().replace("  split: {kind: leave_last_out, validation: true}", split)
        path.write_text(text.replace("small/ease", name).replace("ease.safetensors", "rolling.safetensors"))
        folders.append(str(harness.run(harness.load_experiment(path), quiet=True).folder))
    with pytest.raises(HarnessError, match="needs one list per user, and users of one have one per moment"):
        compared(folders)
