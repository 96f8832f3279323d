"""Metrics of exact ranks in a run are those of its target_ranks.parquet."""

from __future__ import annotations

import pandas as pd
import pytest

import harness
from harness import HarnessError

METRICS = "evaluation.metrics=[ndcg,mean_rank,mean_percentile_rank,auc,reciprocal_rank]"
ROLLING = "dataset.split={kind: global_time, test: 0.5, history: rolling}"


def run(small, *changes):
    return harness.run(harness.load_experiment(small, [METRICS, "evaluation.primary=ndcg@10", *changes]), quiet=True)


@pytest.mark.parametrize("change", ["runner.k=10", "evaluation.parallel.backend=loky", ROLLING])
def test_equal_the_file_of_ranks(small, change):
    result = run(small, change, "evaluation.slices=[]")
    ranks = pd.read_parquet(result.folder / "target_ranks.parquet")
    lists = [name for name in ("user", "timestamp") if name in ranks]
    ranks = ranks.assign(
        rank=(ranks["above"] + ranks["tied"] / 2 + 1).where(ranks["above"] >= 0, ranks["candidates"] + 1)
    )
    expected = ranks.groupby(lists)["rank"].mean().groupby("user").mean()
    found = result.table.per_user.set_index("user")["mean_rank"]
    pd.testing.assert_series_equal(found.astype(float), expected, check_names=False, check_dtype=False)
    assert 0.5 < result.table["auc"].value < 1 or change == ROLLING
    assert "mean_rank" in (result.folder / "report.html").read_text()


def test_predictions_from_a_file_have_none(small, tmp_path):
    made = run(small)
    changes = [f"model={{kind: predictions, checkpoint: {made.folder / 'predictions.parquet'}}}", "name=small/file"]
    with pytest.raises(HarnessError, match="mean_rank needs the exact ranks of the relevant items"):
        run(small, *changes)
