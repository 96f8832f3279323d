"""Rolling history: a user is predicted for at each held-out moment, from all that came before it."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from metric_cases import oracle_of

import harness
from harness.pipeline import ScoreOptions, TieOptions, audit_dataset, export, score

SPLIT = "  split: {kind: global_time, test: 0.5, history: rolling}"


def rolling(small, *changes, name="small/rolling", **options):
    path = small.with_name("rolling.yaml")
    text = small.read_text().replace("  split: {kind: leave_last_out, validation: true}", SPLIT)
    text = text.replace("small/ease", name).replace("ease.safetensors", f"{name.replace('/', '-')}.safetensors")
    path.write_text(text)
    return harness.run(harness.load_experiment(path, list(changes)), quiet=True, **options)


def moments_of(small, result):
    """Each user's test moments with what was done there and before, in plain Python."""
    begins = result.results["dataset"]["split"]["facts"]["moments"]["test"]
    rows = pd.read_csv(small.with_name("data.csv")).sort_values(["user", "timestamp"])
    found = {}
    for user, own in rows.groupby("user"):
        for moment in sorted(set(own["timestamp"][own["timestamp"] >= begins])):
            before = set(own["item"][own["timestamp"] < moment])
            found[user, moment] = (before, set(own["item"][own["timestamp"] == moment]))
    return found


def test_every_moment_is_predicted_from_all_before_it(small):
    result = rolling(small)
    moments = moments_of(small, result)
    predictions = pd.read_parquet(result.folder / "predictions.parquet")
    lists = {key: own.sort_values("rank")["item"].tolist() for key, own in predictions.groupby(["user", "timestamp"])}
    assert set(lists) == set(moments)
    weights = harness.models.load_checkpoint(small.with_name("small-rolling.safetensors")).tensors["weights"]
    names = sorted(pd.read_csv(small.with_name("data.csv"))["item"].unique())
    place = {name: row for row, name in enumerate(names)}
    by_user = defaultdict(list)
    for (user, moment), (before, relevant) in moments.items():
        listed = lists[user, moment]
        assert not set(listed) & before
        # EASE: the sum of the weights of what was done before, whichever part it is in.
        scores = sum((weights[place[item]] for item in before), np.zeros(len(names)))
        best = sorted((scores[place[name]] for name in names if name not in before), reverse=True)[: len(listed)]
        np.testing.assert_allclose([scores[place[name]] for name in listed], best, atol=1e-5)
        by_user[user].append([oracle_of(name)(listed, relevant, 5) for name in ("recall", "ndcg", "hit_rate")])
    assert any(len(values) > 1 for values in by_user.values())
    per_user = result.table.per_user.set_index("user")
    assert sorted(by_user) == per_user.index.tolist()
    for user, values in by_user.items():
        expected = np.mean(values, axis=0)
        np.testing.assert_allclose(per_user.loc[user, ["recall@5", "ndcg@5", "hit_rate@5"]].astype(float), expected)
    assert result.table["recall@5"].value == pytest.approx(per_user["recall@5"].mean())
    assert result.results["protocol"]["users"] == len(by_user)
    assert result.results["protocol"]["lists"] == len(moments)
    ranks = pd.read_parquet(result.folder / "target_ranks.parquet")
    assert set(zip(ranks["user"], ranks["timestamp"], strict=True)) == set(moments)
    assert "at each of their moments of the test part" in (result.folder / "report.html").read_text()


def test_neither_rows_nor_batches_nor_jobs_matter(small):
    result = rolling(small)
    data = small.with_name("data.csv")
    pd.read_csv(data).sample(frac=1, random_state=3).to_csv(data, index=False)
    other = rolling(small, "runner.batch_size=7", "evaluation.parallel.n_jobs=2", force=True)
    pd.testing.assert_frame_equal(result.table.per_user, other.table.per_user)


def test_it_is_another_task_than_frozen_history(small):
    result = rolling(small)
    frozen = rolling(small, "dataset.split.history=frozen", name="small/frozen")
    assert result.results["fingerprints"]["split"] != frozen.results["fingerprints"]["split"]
    assert result.table["recall@5"].value != frozen.table["recall@5"].value
    # The first moment of each user is predicted alike, if nothing of the part came before it.
    first = pd.read_parquet(result.folder / "predictions.parquet")
    first = first[first["timestamp"] == first.groupby("user")["timestamp"].transform("min")]
    alike = pd.read_parquet(frozen.folder / "predictions.parquet")
    columns = ["user", "rank", "item"]
    first, alike = (table[columns].sort_values(columns).reset_index(drop=True) for table in (first, alike))
    pd.testing.assert_frame_equal(first, alike)


def test_users_are_limited_whole(small):
    result = rolling(small, "runner.limit_users=5")
    assert result.results["protocol"]["users"] == 5
    assert result.results["protocol"]["lists"] > 5


def test_validation_rolls_too(small):
    result = rolling(small, "dataset.split.validation=0.2", "evaluation.part=validation", "model.fit.on=train")
    assert result.results["protocol"]["rolling"]
    assert result.results["protocol"]["history"] == ["train"]


def test_what_it_cannot_be_combined_with(small, tmp_path):
    result = rolling(small)
    with pytest.raises(harness.HarnessError, match="rolling history predicts for each user many times"):
        rolling(small, "candidates.sampled={negatives: 5}")
    experiment = harness.load_experiment(small.with_name("rolling.yaml"), ["candidates.sampled=null"])
    with pytest.raises(harness.HarnessError, match="one list per user, and rolling history needs one per moment"):
        score(result.folder / "predictions.parquet", experiment, ScoreOptions(quiet=True))
    with pytest.raises(harness.HarnessError, match="has one list per user and moment"):
        export(result.folder, tmp_path / "trec")
    audit = audit_dataset(harness.load_experiment(small.with_name("rolling.yaml")), TieOptions(seeds=1))
    assert audit.ties.rows == ()  # one moment cuts all users: no tie decides a part
