"""``harness gate`` on finished runs: exit codes, output, the audit file, and what is refused."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest
from conftest import EXPERIMENT, small_table
from run_records import results_in, write_results

import harness
from harness import storage
from harness.errors import HarnessError
from harness.pipeline import GateOptions, ScoreOptions, gate, score

MODELS = {"popularity": "kind: popularity", "ease": "kind: ease", "random": "kind: random"}


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gate")
    small_table().to_csv(folder / "data.csv", index=False)
    text = EXPERIMENT.format(data=folder / "data.csv", folder=folder)
    head, tail = text[: text.index("model:")], text[text.index("runner:") :]
    for name, model in MODELS.items():
        path = folder / f"{name}.yaml"
        checkpoint = "" if name == "random" else f", checkpoint: {folder}/{name}"
        model_text = f"model: {{{model}{checkpoint}, fit: {{on: train_validation}}}}\n"
        path.write_text(head.replace("small/ease", f"small/{name}") + model_text + tail)
        harness.run(path, quiet=True)
    # A run that finds each relevant item first.
    found = pd.read_parquet(folder / "reports/small/ease/target_ranks.parquet")[["user", "item"]].assign(rank=1)
    found.to_parquet(folder / "found.parquet")
    options = ScoreOptions(name="small/perfect", quiet=True)
    score(folder / "found.parquet", harness.load_experiment(folder / "ease.yaml"), options)
    return folder / "reports/small"


@pytest.fixture
def call(cli, reports, tmp_path):
    def called(candidate, baseline, *flags):
        audit = () if "--audit" in flags else ("--audit", tmp_path / "audit.jsonl")
        return cli("gate", reports / candidate, "--baseline", reports / baseline, *audit, *flags)

    return called


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_run_passes_against_itself_with_a_warning(call):
    code, out, err = call("ease", "ease", "--metric", "ndcg@10=0.01")
    assert code == 0
    assert out.splitlines()[0] == "pass: small/ease against small/ease"
    assert "no value of any user differs: both are the same run." in err


def test_each_status_has_its_exit_code_and_its_json(call, tmp_path):
    cases = {
        ("ease", "popularity", "ndcg@10=0.9"): (0, "pass"),
        ("popularity", "perfect", "ndcg@10=0.001"): (1, "regression"),
        ("ease", "popularity", "ndcg@10=0.0001"): (3, "cannot_tell"),
    }
    for (candidate, baseline, metric), (expected, status) in cases.items():
        code, out, _ = call(candidate, baseline, "--metric", metric, "--json", "--most-gain", "9")
        found = json.loads(out)
        assert (code, found["status"], found["passed"]) == (expected, status, expected == 0)
        assert found["metrics"][0]["metric"] == "ndcg@10"
    assert [line["status"] for line in lines(tmp_path / "audit.jsonl")] == ["pass", "regression", "cannot_tell"]


def test_what_cannot_be_told_may_be_enough(call):
    flags = ("--metric", "ndcg@10=0.0001", "--most-gain", "9", "--require", "not-worse-shown")
    code, out, _ = call("ease", "popularity", *flags)
    assert code == 0
    assert out.startswith("cannot tell, which is enough: ")
    _, out, _ = call("ease", "popularity", *flags, "--json")
    assert (json.loads(out)["status"], json.loads(out)["passed"]) == ("cannot_tell", True)


def test_an_implausible_gain_is_suspicious(call):
    code, out, _ = call("perfect", "popularity", "--metric", "ndcg@10=0.1")
    assert (code, out.splitlines()[0]) == (4, "suspicious: small/perfect against small/popularity")
    code, out, _ = call("perfect", "popularity", "--metric", "ndcg@10=0.1", "--most-gain", "1000")
    assert code == 0
    assert ", a gain of at least 0." in out


def test_chances_that_are_small_are_a_warning(call):
    _, _, err = call("ease", "popularity", "--metric", "ndcg@10=0.0001", "--most-gain", "9")
    assert "an equally good candidate passes ndcg@10 with a chance of" in err
    assert "users give it 80%" in err


def test_each_decision_is_a_line_with_the_fingerprints(call, reports, tmp_path):
    audit = tmp_path / "a" / "gates.jsonl"
    for _ in range(2):
        call("ease", "popularity", "--metric", "ndcg@10=0.5", "--metric", "recall@5=0.5", "--audit", audit)
    first, second = lines(audit)
    assert set(first) >= {"time", "harness", "status", "metrics", "fingerprints"}
    assert first["fingerprints"]["candidate"] == json.loads((reports / "ease/results.json").read_text())["fingerprints"]
    assert {key: first[key] for key in first if key != "time"} == {key: second[key] for key in second if key != "time"}
    assert [metric["metric"] for metric in first["metrics"]] == ["ndcg@10", "recall@5"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--metric", "ndcg@10"), "--metric ndcg@10 is not of the form LABEL=MARGIN"),
        (("--metric", "ndcg@10=x"), "is not of the form LABEL=MARGIN"),
        (("--metric", "ndcg@10=0"), "a margin is positive"),
        (("--metric", "ndcg@11=0.1"), "the candidate has no metric 'ndcg@11'. Did you mean 'ndcg@1"),
        (("--metric", "ndcg@10=0.1", "--metric", "ndcg@10=0.2"), "is given twice"),
        (("--metric", "ndcg@10=0.1", "--require", "better"), "unknown --require 'better'"),
        (("--metric", "ndcg@10=0.1", "--most-gain", "0"), "use a positive share"),
        (("--metric", "ndcg@10=0.1", "--set", "runner.k=3"), "runner.k is a key of runs"),
        (("--metric", "coverage@10=0.1"), "a value over all lists"),
    ],
)
def test_wrong_flags_are_exit_code_2(call, flags, message):
    code, out, err = call("ease", "popularity", *flags)
    assert (code, out) == (2, "")
    assert message in err


def test_a_metric_without_limits_in_which_no_user_differs_has_no_bound(reports, tmp_path, cli):
    folder, runs = reports.parents[1], []
    for name in ("one", "two"):
        overrides = [f"name=small/{name}", "evaluation.metrics=[ndcg, novelty]", f"report.directory={tmp_path}"]
        runs.append(harness.run(harness.load_experiment(folder / "ease.yaml", overrides), quiet=True).folder)
    code, out, _ = cli("gate", runs[0], "--baseline", runs[1], "--metric", "novelty@10=0.1")
    assert code == 0
    assert "no bound is known" in out
    (line,) = lines(runs[0].parent / "gates.jsonl")
    assert line["metrics"][0]["bound"] is None
    code, out, _ = cli("compare", *runs, "--set", "evaluation.primary=novelty@10")
    assert code == 0
    (written,) = (tmp_path / "comparisons").rglob("comparison.json")
    rows = {row["metric"]: row for row in json.loads(written.read_text())["pairs"] if row["slice"] is None}
    assert (rows["novelty@10"]["ci_low"], rows["novelty@10"]["verdict"]) == (None, "undecided")
    assert rows["ndcg@10"]["ci_low"] < 0


def test_experiments_are_run_first(reports, tmp_path):
    folder = reports.parents[1]
    result = gate(
        str(folder / "ease.yaml"),
        str(folder / "popularity.yaml"),
        {"ndcg@10": 0.9},
        options=GateOptions(audit=tmp_path / "gates.jsonl", quiet=True, most_gain=9),
    )
    assert (result.status, result.candidate, result.baseline) == ("pass", "small/ease", "small/popularity")


def test_the_audit_file_is_beside_the_run_by_default(reports):
    result = gate(str(reports / "random"), str(reports / "random"), {"ndcg@10": 0.1})
    assert result.audit == reports / "gates.jsonl"
    assert lines(result.audit)[-1]["candidate"] == "small/random"


def test_values_that_are_not_those_of_the_lists_are_refused(reports, tmp_path):
    folder = tmp_path / "changed"
    shutil.copytree(reports / "ease", folder)
    values = pd.read_parquet(folder / "per_user.parquet")
    values["ndcg@10"] = values["ndcg@10"].to_numpy()[::-1]  # the mean stays
    values.to_parquet(folder / "per_user.parquet")
    results = results_in(folder)
    results["files"] |= storage.file_digests(folder, ["per_user.parquet"])
    write_results(folder, results)
    with pytest.raises(
        HarnessError, match=r"ndcg@10 of small/ease is not that of its lists, which were measured again"
    ):
        gate(str(folder), str(reports / "popularity"), {"ndcg@10": 0.1}, options=GateOptions(quiet=True, track=False))
