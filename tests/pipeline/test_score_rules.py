"""Scores, ties and gains in whole runs: one rule for all formats, and what stands in the audit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import pytrec_eval

import harness
from harness import HarnessError
from harness.pipeline import ScoreOptions, score


def options(name):
    return ScoreOptions(name=f"small/{name}", quiet=True)


def audit(result, name):
    return next((one for one in result.results["audits"] if one["name"] == name), None)


def values(result):
    return {row["label"]: row["value"] for row in result.results["metrics"]}


@pytest.fixture
def lists():
    """Every item for every user, with few distinct scores, some of which float32 alone makes equal."""
    rng = np.random.default_rng(3)
    grid = pd.MultiIndex.from_product([[f"u{user:03d}" for user in range(60)], [f"i{item:02d}" for item in range(40)]])
    rows = grid.set_names(["user", "item"]).to_frame(index=False)
    rows["score"] = rng.choice([3, 16777217, 16777216, -np.inf, 0.975230281005, 0.975230281005001], size=len(rows))
    return rows.sample(frac=1, random_state=0)


def write_run(rows, path, rank="0"):
    lines = [f"{row.user} Q0 {row.item} {rank} {row.score!r} tag\n" for row in rows.itertuples()]
    path.write_text("".join(lines))
    return path


def test_a_trec_run_scores_like_the_same_csv(small, lists, tmp_path):
    experiment = harness.load_experiment(small, ["candidates.exclude=none"])
    lists.to_csv(tmp_path / "lists.csv", index=False)
    lists.to_parquet(tmp_path / "lists.parquet")
    lists["score"] = lists["score"].astype(float)
    csv = score(tmp_path / "lists.csv", experiment, options("csv"))
    run = score(write_run(lists, tmp_path / "lists.run", "first"), experiment, options("run"))
    parquet = score(tmp_path / "lists.parquet", experiment, options("parquet"))
    assert values(csv) == values(run) == values(parquet)
    usable = lists[lists["score"] != -np.inf]
    for result in (csv, run, parquet):
        assert audit(result, "tied_scores")["count"] > 0.9 * len(usable)
        # All but the threes equal a different number once they are rounded.
        assert audit(result, "rounding_ties")["count"] == pytest.approx((usable["score"] != 3).sum(), rel=0.02)
        assert audit(result, "masked_scores")["count"] == len(lists) - len(usable)
        assert "after both are rounded to float32" in (result.folder / "report.html").read_text()
    held = pd.read_parquet(csv.folder / "target_ranks.parquet")[["user", "item"]]
    frames = harness.evaluate(lists, held, metrics=["ndcg", "recall"], cutoffs=[1, 5, 10])
    for value in frames.values:
        assert value.value == pytest.approx(values(csv)[value.label], abs=1e-12)
    assert frames.counts["masked_scores"] == len(lists) - len(usable)


@pytest.mark.parametrize("form", ["run", "parquet"])
def test_ties_of_trec_eval_by_its_own_code(form, small, lists, tmp_path):
    lists["score"] = lists["score"].replace({-np.inf: 0.5}).astype(float)
    changes = ["candidates.exclude=none", "evaluation.ties=trec_eval", "runner.k=10"]
    path = tmp_path / f"lists.{form}"
    if form == "run":
        write_run(lists, path)
    else:
        lists.assign(rank=lists.groupby("user").cumcount() + 1).to_parquet(path)  # which trec_eval would not read
    result = score(path, harness.load_experiment(small, changes), options(form))
    held = pd.read_parquet(result.folder / "target_ranks.parquet")
    evaluator = pytrec_eval.RelevanceEvaluator(
        {user: dict.fromkeys(part["item"], 1) for user, part in held.groupby("user")}, {"ndcg_cut.10", "success.1"}
    )
    expected = evaluator.evaluate(
        {user: dict(zip(part["item"], part["score"], strict=True)) for user, part in lists.groupby("user")}
    )
    per_user = result.table.per_user.set_index("user")
    for label, theirs in {"ndcg@10": "ndcg_cut_10", "hit_rate@1": "success_1"}.items():
        ours = per_user[label]
        np.testing.assert_allclose(ours, [expected[user][theirs] for user in ours.index], atol=1e-12)


def test_ties_that_lie_inside_the_list_are_reported(small, tmp_path):
    changes = ["runner.k=40", "candidates.exclude=none", "name=small/popularity"]
    model = f"model={{kind: popularity, checkpoint: {tmp_path / 'popularity.safetensors'}, fit: {{on: train}}}}"

    def run(k):
        at = [f"evaluation.cutoffs=[{k}]", f"evaluation.primary=ndcg@{k}"]
        return harness.run(harness.load_experiment(small, [*changes, model, *at]), quiet=True)

    result = run(40)
    ranks = pd.read_parquet(result.folder / "target_ranks.parquet")
    inside = ranks[ranks["tied"] > 0]["user"].nunique()
    found = audit(result, "score_ties")
    assert found["count"] == 0
    where = "a relevant item ties with another candidate within the first 40 ranks"
    assert found["sentence"].startswith(f"score ties: in {inside} of 60 lists {where}; if every tie is settled")
    sentence = audit(run(10), "score_ties")["sentence"]
    cut = ranks["above"] + ranks["tied"]
    across = ranks[(ranks["tied"] > 0) & (ranks["above"] < 10) & (cut >= 10)]["user"].nunique()
    inside = ranks[(ranks["tied"] > 0) & (cut < 10)]["user"].nunique()
    assert f"in {across} of 60 lists" in sentence
    assert f"across the cut after rank 10, and in {inside} within the first 10 ranks;" in sentence


def test_judgements_that_contradict_are_in_the_audit(small):
    data = pd.read_csv(small.parent / "data.csv")
    once = data.drop_duplicates(["user", "item"])
    last = once[once["user"] == "u000"].iloc[:1].assign(timestamp=99)
    item = last["item"].iloc[0]
    rows = [last.assign(rating=2), last.assign(rating=5), last.assign(rating=2)]
    changes = [
        "dataset.split={kind: leave_last_out, n: 3}", "candidates.exclude=none", "evaluation.cutoffs=[10]",
        "evaluation.metrics=[{kind: ndcg, gain: linear}]", "evaluation.primary='ndcg[gain=linear]@10'",
    ]  # fmt: skip
    found = []
    for number, order in enumerate([(0, 1, 2), (1, 0, 2)]):
        table = pd.concat([once[~((once["user"] == "u000") & (once["item"] == item))], *(rows[i] for i in order)])
        table.to_csv(small.parent / "data.csv", index=False)
        (small.parent / "ease.safetensors").unlink(missing_ok=True)
        result = harness.run(harness.load_experiment(small, [*changes, f"name=small/judged-{number}"]), quiet=True)
        judged = audit(result, "contradicting_gains")
        assert (judged["count"], judged["severity"]) == (1, "warning")
        assert "judged more than once, with different gains; the highest counts" in judged["sentence"]
        found.append(values(result)["ndcg[gain=linear]@10"])
    assert found[0] == found[1]
    binary = harness.load_experiment(small, [changes[0], "candidates.exclude=none"])
    assert audit(harness.run(binary, quiet=True), "contradicting_gains") is None


def test_gains_of_exp2_beyond_their_limit_are_refused(small):
    data = pd.read_csv(small.parent / "data.csv")
    data["rating"] = 1024
    data.to_csv(small.parent / "data.csv", index=False)
    experiment = harness.load_experiment(small, ["evaluation.metrics=[{kind: ndcg, gain: exp2}]"])
    with pytest.raises(HarnessError, match="and a gain is 1024; 1,000 is the largest that it can take"):
        harness.run(experiment, quiet=True)
