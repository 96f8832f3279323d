"""Lists of a finished run: measured again, they give the values of the run, without its data or its model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import harness
from harness.errors import HarnessError
from harness.evaluation import averaged
from harness.pipeline import ScoreOptions, score
from harness.pipeline.run_folder.run_files import read_run
from harness.pipeline.run_folder.stored_lists import stored_lists


def values_again(run):
    lists = stored_lists(read_run(run.folder))
    truth = harness.Truth(lists.truth.indptr, lists.truth.items)
    table = harness.evaluate(
        harness.TopK(lists.topk.items), truth, metrics=["recall", "ndcg", "hit_rate"], cutoffs=[5, 10]
    )
    if lists.rolling:
        return averaged(table, lists.truth.rows(table.users.astype(np.int64))).per_user
    return table.per_user.assign(user=lists.truth.users[table.users.astype(np.int64)])


def same_values(run):
    again = values_again(run).set_index("user").sort_index()
    stored = pd.read_parquet(run.folder / "per_user.parquet").set_index("user").sort_index()
    assert again.index.tolist() == stored.index.tolist()
    for label in again.columns:
        np.testing.assert_allclose(again[label], stored[label], atol=1e-12)


def test_a_run_of_a_model(small):
    run = harness.run(harness.load_experiment(small), quiet=True)
    same_values(run)
    lists = stored_lists(read_run(run.folder))
    assert lists.ranks is not None
    listed = pd.read_parquet(run.folder / "predictions.parquet")
    assert lists.topk.scores is not None
    filled = lists.topk.items >= 0
    assert lists.item_ids[lists.topk.items[filled]].tolist() == listed["item"].tolist()
    assert lists.topk.scores[filled].tolist() == listed["score"].tolist()


def test_predictions_of_some_users_without_ranks(small, tmp_path):
    run = harness.run(harness.load_experiment(small), quiet=True)
    listed = pd.read_parquet(run.folder / "predictions.parquet")
    some = listed[listed["user"].isin(listed["user"].unique()[::2])].sample(frac=1, random_state=0)
    some.to_csv(tmp_path / "some.csv", index=False)
    scored = score(tmp_path / "some.csv", harness.load_experiment(small), ScoreOptions(name="small/some", quiet=True))
    same_values(scored)
    lists = stored_lists(read_run(scored.folder))
    assert lists.ranks is None
    assert (lists.topk.items < 0).all(axis=1).any()


def test_rolling_history(small):
    path = small.with_name("rolling.yaml")
    split = "  split: {kind: global_time, test: 0.5, history: rolling}"
    path.write_text(small.read_text().replace("  split: {kind: leave_last_out, validation: true}", split))
    same_values(harness.run(harness.load_experiment(path), quiet=True))


def test_damaged_lists_are_refused(small):
    run = harness.run(harness.load_experiment(small), quiet=True)
    stored = read_run(run.folder)
    (run.folder / "predictions.parquet").write_bytes(b"PAR1")
    with pytest.raises(HarnessError, match="is not the file that the run wrote"):
        stored_lists(stored)
