"""``harness score`` and ``harness export``: external predictions scored as a run, and runs as files for trec_eval."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import pytrec_eval

import harness
from harness.errors import HarnessError
from harness.pipeline import ScoreOptions, export, score

QUIET = ScoreOptions(quiet=True)


@pytest.fixture
def finished(small):
    experiment = harness.load_experiment(small)
    return experiment, harness.run(experiment, quiet=True)


def values(result):
    return {row["label"]: row["value"] for row in result.results["metrics"]}


@pytest.mark.parametrize("form", ["parquet", "csv", "tsv", "run", "scores alone"])
def test_our_own_predictions_score_as_they_did(finished, form, tmp_path):
    experiment, result = finished
    path = result.folder / "predictions.parquet"
    rows = pd.read_parquet(path)
    if form == "run":
        path = export(result.folder, tmp_path / "trec").run
    elif form == "scores alone":
        path = tmp_path / "lists.parquet"
        rows.drop(columns="rank").sample(frac=1, random_state=0).to_parquet(path)
    elif form != "parquet":
        path = tmp_path / f"lists.{form}"
        rows.to_csv(path, index=False, sep="\t" if form == "tsv" else ",")
    scored = score(path, experiment, QUIET)
    assert values(scored) == values(result)
    pd.testing.assert_frame_equal(scored.table.per_user, result.table.per_user)
    written = pd.read_parquet(scored.folder / "predictions.parquet")
    pd.testing.assert_frame_equal(written[["user", "item", "rank"]], rows[["user", "item", "rank"]])
    assert scored.results["protocol"]["fit_on"] is None
    again = score(path, experiment, QUIET)
    assert again.was_finished


def test_what_is_odd_stands_in_results_and_report(finished, tmp_path):
    experiment, result = finished
    rows = pd.read_parquet(result.folder / "predictions.parquet")
    users = rows["user"].unique()
    odd = rows[rows["user"] != users[0]].copy()
    odd.loc[odd.index[0], "item"] = "<b>nobody's</b>"
    odd.to_csv(tmp_path / "odd.csv", index=False)
    scored = score(tmp_path / "odd.csv", experiment, QUIET)
    found = {audit["name"]: audit["count"] for audit in scored.results["audits"]}
    assert (found["missing_users"], found["unknown_items"]) == (1, 1)
    assert "they have no prediction; they count and score 0" in (scored.folder / "report.html").read_text()
    assert scored.results["metrics"][0]["n_users"] == len(users)
    assert values(scored)["recall@10"] <= values(result)["recall@10"]
    ranks = pd.read_parquet(scored.folder / "target_ranks.parquet")
    assert len(ranks) == len(users)
    assert ranks["above"].isna().all()


@pytest.mark.parametrize("name", ["../../evil", "/evil", "a//b", ""])
def test_a_name_stays_in_the_folder_of_reports(name, finished):
    experiment, result = finished
    with pytest.raises(HarnessError, match="would leave the folder"):
        score(result.folder / "predictions.parquet", experiment, ScoreOptions(name=name, quiet=True))


def test_another_file_of_the_same_name_does_not_take_the_folder(finished, tmp_path):
    experiment, result = finished
    rows = pd.read_parquet(result.folder / "predictions.parquet")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    rows.to_csv(tmp_path / "a/lists.csv", index=False)
    rows[::-1].to_csv(tmp_path / "b/lists.csv", index=False)
    scored = score(tmp_path / "a/lists.csv", experiment, QUIET)
    with pytest.raises(HarnessError, match=r"holds the run of .*a/lists\.csv\. .* --name small/lists-2"):
        score(tmp_path / "b/lists.csv", experiment, QUIET)
    named = score(tmp_path / "b/lists.csv", experiment, ScoreOptions(name=scored.results["name"], quiet=True))
    assert named.folder == scored.folder


def test_other_predictions_under_the_same_name_are_no_change_of_a_model(finished, tmp_path):
    experiment, run = finished
    lists = pd.read_parquet(run.folder / "predictions.parquet")
    for rows in (len(lists), len(lists) - 1):
        lists.head(rows).to_csv(tmp_path / "mine.csv", index=False)
        result = score(tmp_path / "mine.csv", experiment, ScoreOptions(name="small/mine", quiet=True))
        assert "changed_files" not in {audit["name"] for audit in result.results["audits"]}


def test_predictions_of_nothing(finished, tmp_path):
    experiment, result = finished
    rows = pd.read_parquet(result.folder / "predictions.parquet")
    rows[:0].to_parquet(tmp_path / "none.parquet")
    with pytest.raises(HarnessError, match="the file has a header and no rows"):
        score(tmp_path / "none.parquet", experiment, QUIET)
    rows.drop(columns="rank").assign(score=-np.inf).to_parquet(tmp_path / "masked.parquet")
    with pytest.raises(HarnessError, match="every score is minus infinity"):
        score(tmp_path / "masked.parquet", experiment, QUIET)


def test_lists_are_no_longer_than_the_catalogue(finished, small):
    _, result = finished
    huge = harness.run(harness.load_experiment(small, ["runner.k=2000000000", "name=small/huge"]), quiet=True)
    assert values(huge) == values(result)
    lists = pd.read_parquet(huge.folder / "predictions.parquet")
    assert lists.groupby("user").size().max() <= lists["item"].nunique()


def test_in_an_experiment_file(finished, small, tmp_path):
    _, result = finished
    text = small.read_text().replace("small/ease", "small/elsewhere")
    start, end = text.index("model:"), text.index("runner:")
    model = f"model: {{kind: predictions, checkpoint: {result.folder}/predictions.parquet}}\n"
    path = tmp_path / "elsewhere.yaml"
    path.write_text(text[:start] + model + text[end:])
    experiment = harness.load_experiment(path)
    assert values(harness.run(experiment, quiet=True)) == values(result)
    assert harness.load_experiment(tmp_path / "reports/small/elsewhere/experiment.yaml") == experiment
    with pytest.raises(harness.HarnessError, match="of kind 'predictions' is not fitted"):
        harness.fit(experiment)
    for wrong, message in (
        ("{kind: predictions}", "missing key 'checkpoint' in model. Name the file of predictions"),
        ("{kind: predictions, checkpoint: x.csv, fit: {on: train}}", "model.fit does not apply to kind 'predictions'"),
        ("{kind: ease}", "missing key 'fit' in model. Say what the model is fitted on"),
    ):
        path.write_text(text[:start] + f"model: {wrong}\n" + text[end:])
        with pytest.raises(harness.HarnessError, match=rf"elsewhere.yaml:\d+: {message}"):
            harness.load_experiment(path)


def test_runs_of_both_kinds_compare(finished, tmp_path):
    experiment, result = finished
    scored = score(result.folder / "predictions.parquet", experiment, QUIET)
    pairs = harness.compare({"ours": result.table, "theirs": scored.table}, baseline="ours", primary="ndcg@10").pairs
    assert (pairs["ties"].dropna() > 0).all()


def test_scoring_needs_no_torch(finished, small, tmp_path):
    _, result = finished
    program = (
        "import sys\n"
        "class Blocked:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name.partition('.')[0] == 'torch':\n"
        "            raise ModuleNotFoundError('torch is asked for')\n"
        "sys.meta_path.insert(0, Blocked())\n"
        "sys.argv = ['harness', 'score', sys.argv[1], '--experiment', sys.argv[2], '--quiet']\n"
        "from harness.cli import main\n"
        "main()\n"
    )
    command = [sys.executable, "-c", program, str(result.folder / "predictions.parquet"), str(small)]
    finished_process = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert finished_process.returncode == 0, finished_process.stderr
    results = json.loads((tmp_path / "reports/small/predictions/results.json").read_text())
    assert results["environment"]["device"] == "none"


@pytest.mark.parametrize("gaps", [False, True])
def test_trec_eval_gives_our_numbers(finished, gaps, tmp_path):
    experiment, result = finished
    if gaps:  # lists of strangers: unknown items leave gaps, which must not close
        rows = pd.read_parquet(result.folder / "predictions.parquet")
        rows.loc[np.random.default_rng(0).random(len(rows)) < 0.3, "item"] = "unknown"
        rows.to_parquet(tmp_path / "odd.parquet")
        result = score(tmp_path / "odd.parquet", experiment, QUIET)
    files = export(result.folder, tmp_path / "trec")
    with files.run.open() as run, files.qrels.open() as qrels:
        judged, lists = pytrec_eval.parse_qrel(qrels), pytrec_eval.parse_run(run)
    measures = {"recall.1,5,10", "P.1,5,10", "ndcg_cut.1,5,10", "success.1,5,10"}
    theirs = pytrec_eval.RelevanceEvaluator(judged, measures).evaluate(lists)
    names = {"recall": "recall", "precision": "P", "ndcg": "ndcg_cut", "hit_rate": "success"}
    for user, row in zip(result.table.users, result.table.per_user.to_dict("records"), strict=True):
        for ours, name in names.items():
            for k in (1, 5, 10):
                expected = theirs.get(str(user), {}).get(f"{name}_{k}", 0.0)
                assert row[f"{ours}@{k}"] == pytest.approx(expected, abs=1e-9)


def test_ids_that_trec_cannot_hold_are_numbered(small, tmp_path):
    data = tmp_path / "data.csv"
    data.write_text(data.read_text().replace("i01", "item 01").replace("i02", '"a ""2"""').replace("i03", "a\u2028b"))
    result = harness.run(harness.load_experiment(small), quiet=True)
    files = export(result.folder, tmp_path / "trec")
    ids = pd.read_parquet(files.ids)
    assert set(ids["kind"]) == {"item"}  # users are written as they are
    with files.run.open() as run, files.qrels.open() as qrels:
        judged, lists = pytrec_eval.parse_qrel(qrels), pytrec_eval.parse_run(run)
    theirs = pytrec_eval.RelevanceEvaluator(judged, {"ndcg_cut.10"}).evaluate(lists)
    for row in result.table.per_user.to_dict("records"):
        assert row["ndcg@10"] == pytest.approx(theirs[row["user"]]["ndcg_cut_10"], abs=1e-9)
    own = dict(zip(ids["written"], ids["id"], strict=True))
    assert {"item 01", 'a "2"', "a\u2028b"} <= set(own.values())
    rows = pd.read_csv(files.run, sep=" ", header=None, names=["user", "q0", "item", "rank", "score", "tag"])
    written = pd.read_parquet(result.folder / "predictions.parquet")
    assert rows.assign(item=rows["item"].map(own))[["user", "item", "rank"]].values.tolist() == (
        written[["user", "item", "rank"]].values.tolist()
    )
    with pytest.raises(harness.HarnessError, match=r"holds no results.json"):
        export(tmp_path, tmp_path / "trec")
