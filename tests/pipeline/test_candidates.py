"""Candidates of an experiment: the same for every model, kept with the run, and told wherever numbers stand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import harness
from harness.pipeline import ScoreOptions, compare_runs, score
from harness.tracking.run_contents import tags


def run(small, candidates, kind="ease", name="drawn", **options):
    path = small.with_name(f"{name}.yaml")
    text = small.read_text().replace("small/ease", f"small/{name}").replace("kind: ease", f"kind: {kind}")
    if kind != "ease":
        text = text.replace("/ease.safetensors", f"/{kind}.safetensors").replace("  params: {l2: 10.0}\n", "")
    path.write_text(f"{text}candidates: {candidates}\n")
    return harness.run(harness.load_experiment(path), quiet=True, **options)


SAMPLED = "{sampled: {negatives: 5, seed: 1}}"


def rows(result, name):
    return pd.read_parquet(result.folder / f"{name}.parquet")


def test_sampled_negatives_are_the_same_for_every_model(small):
    ease, random = run(small, SAMPLED), run(small, SAMPLED, kind="random", name="chance")
    pd.testing.assert_frame_equal(rows(ease, "candidates"), rows(random, "candidates"))
    candidates = rows(ease, "candidates").groupby("user")["item"].agg(set)
    relevant = rows(ease, "target_ranks").groupby("user")["item"].agg(set)
    history = pd.read_csv(small.with_name("data.csv")).groupby("user")["item"].agg(set)
    for user, drawn in candidates.items():
        assert relevant[user] <= drawn
        assert len(drawn - relevant[user]) == 5
        assert not (drawn - relevant[user]) & history[user]
    for result in (ease, random):
        listed = rows(result, "predictions").groupby("user")["item"].agg(set)
        for user, items in listed.items():
            assert items <= candidates[user]
    ranks = rows(ease, "target_ranks")
    assert set(ranks["candidates"]) == {6}
    assert ease.results["protocol"]["candidates"]["sha256"] == random.results["protocol"]["candidates"]["sha256"]
    # Among 6 candidates chance is high: the numbers are others than over all items.
    assert random.table["hit_rate@5"].value > 0.7


def test_sampled_metrics_are_reported_everywhere(small, tmp_path):
    result = run(small, SAMPLED)
    audit = next(audit for audit in result.results["audits"] if audit["name"] == "sampled_candidates")
    assert audit["severity"] == "warning"
    assert "Krichene and Rendle" in audit["sentence"]
    page = (result.folder / "report.html").read_text()
    assert "Krichene and Rendle" in page
    assert "sampled metrics, not comparable with those over all items" in page
    assert "Krichene and Rendle" in tags(result.record)["harness.sampled_candidates"]
    other = run(small, SAMPLED, kind="random", name="chance")
    compared = compare_runs([str(result.folder), str(other.folder)])
    assert "Krichene and Rendle" in compared.comparison.notes[0]
    assert "Krichene and Rendle" in (compared.folder / "comparison.html").read_text()


def test_draws_and_files_decide_whether_a_run_is_finished(small, tmp_path):
    allow = tmp_path / "allow.txt"
    allow.write_text("\n".join(f"i{item:02d}" for item in range(30)))
    first = run(small, f"{{allow: {allow}}}")
    assert run(small, f"{{allow: {allow}}}").was_finished
    allow.write_text("\n".join(f"i{item:02d}" for item in range(20)))
    second = run(small, f"{{allow: {allow}}}")
    assert not second.was_finished
    assert second.results["protocol"]["candidates"]["count"] == 20
    assert set(rows(second, "predictions")["item"]) <= {f"i{item:02d}" for item in range(20)}
    assert first.results["fingerprints"]["predictions"] != second.results["fingerprints"]["predictions"]
    assert not (second.folder / "candidates.parquet").exists()


def test_lists_of_a_file_are_what_is_ranked(small, tmp_path):
    drawn = run(small, SAMPLED)
    path = tmp_path / "lists.parquet"
    (drawn.folder / "candidates.parquet").rename(path)
    listed = run(small, f"{{lists: {path}}}", name="listed")
    for row, other in zip(drawn.results["metrics"], listed.results["metrics"], strict=True):
        assert row["value"] == other["value"]
    assert rows(listed, "candidates").equals(pd.read_parquet(path))
    few = pd.read_parquet(path)
    few[few["user"] != few["user"][0]].to_csv(tmp_path / "few.csv", index=False)
    result = run(small, f"{{lists: {tmp_path}/few.csv}}", name="few")
    counts = {audit["name"]: audit["count"] for audit in result.results["audits"]}
    assert (counts["candidates_without_users"], counts["relevant_items_no_candidates"]) == (1, 1)


def test_external_lists_are_held_to_the_candidates(small):
    whole = harness.run(harness.load_experiment(small), quiet=True)
    experiment = harness.load_experiment(small, ["candidates.sampled={negatives: 5, seed: 1}"])
    scored = score(whole.folder / "predictions.parquet", experiment, ScoreOptions(quiet=True))
    candidates = rows(scored, "candidates").groupby("user")["item"].agg(set)
    for user, items in rows(scored, "predictions").groupby("user")["item"].agg(set).items():
        assert items <= candidates[user]
    assert next(audit for audit in scored.results["audits"] if audit["name"] == "not_candidates")["count"] > 0


def test_runs_with_other_candidates_are_not_compared(small, tmp_path):
    one, other = run(small, SAMPLED, name="one"), run(small, "{sampled: {negatives: 5, seed: 2}}", name="other")
    with pytest.raises(harness.HarnessError, match="candidates"):
        compare_runs([str(one.folder), str(other.folder)])


@pytest.mark.parametrize(
    ("candidates", "message"),
    [
        ("{sampled: {negatives: 0}}", "negatives is 0"),
        ("{sampled: {negative: 5}}", "unknown key 'negative'.*Did you mean 'negatives'"),
        ("{sampled: {negatives: 5, by: chance}}", "by is 'chance'"),
        ("{sampled: {negatives: 5}, lists: x.csv}", "both 'lists' and 'sampled'"),
        ("{allow: none.txt}", "there is no file none.txt"),
        ("{lists: none.csv}", "there is no file none.csv"),
    ],
)
def test_candidates_that_cannot_be(small, candidates, message):
    with pytest.raises(harness.HarnessError, match=message):
        run(small, candidates)


def test_exact_ranks_among_candidates(small):
    result = run(small, SAMPLED)
    ranks, lists = rows(result, "target_ranks"), rows(result, "predictions")
    found = lists.merge(ranks[["user", "item", "above"]], on=["user", "item"])
    assert len(found) == len(ranks)  # all six are listed
    assert np.array_equal(found["rank"], found["above"] + 1)
