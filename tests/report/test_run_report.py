"""The report of a run, read by an HTML parser rather than a browser."""

import hashlib
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from oracles.markup import Reader, check_self_contained

from harness.report import render_run
from harness.report.number_text import clean

FILE_NAME = set("abcdefghijklmnopqrstuvwxyz0123456789-.")


def test_the_page_holds_what_a_reader_needs(results, per_user):
    report = render_run(results, per_user)
    read = check_self_contained(report.html)
    for words in (
        "ml-100k/ease",
        "95% interval",
        "6 users, higher is better",
        "3 of 6 tie.",
        "Nothing was found by: unseen items.",
        "min_rating (value 4.0)",
        "55,375",
        "given their history in train and validation",
        "Candidates are all items of the filtered data (1,008)",
        "fitted on the train and validation parts",
        "missed",
        "8801a71",
        "e5a1" * 16,
        "l2: 123.5",
        "12,346",
        "0: 50.0% · between: 33.3% · 1: 16.7%",
    ):
        assert words in read.text, words
    assert "0.3000" in read.text  # the mean of ndcg@10 over the six users
    assert "partial" not in read.text.lower()


def test_figures_are_files_of_their_own(results, per_user):
    figures = render_run(results, per_user).figures
    assert sorted(figures) == ["curve-ndcg.svg", "users-ndcg-10.svg", "users-recall-10.svg"]
    for svg in figures.values():
        root = ET.fromstring(svg)  # noqa: S314 - our own
        assert root.get("role") == "img"
        assert root.get("aria-label")


def test_the_page_is_accessible(results, per_user):
    read = Reader(render_run(results, per_user).html)
    assert ("html", "lang", "en") in read.attributes
    assert read.elements.count("h1") == 1
    assert read.elements.count("table") == read.elements.count("caption")
    assert read.elements.count("svg") == sum(key == "aria-label" for tag, key, _ in read.attributes if tag == "svg")
    assert {value for _, key, value in read.attributes if key == "aria-labelledby"} <= set(read.ids)


def test_the_page_forbids_scripts_and_loads(results, per_user):
    read = Reader(render_run(results, per_user).html)
    (policy,) = [value for tag, key, value in read.attributes if key == "content" and "default-src" in value]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


def test_hostile_names_change_no_element(results, per_user, hostile):
    plain = Reader(render_run(results, per_user).html).elements
    for text in hostile:
        changed = {**results, "name": text, "dataset": {**results["dataset"], "name": text}}
        changed["audits"] = [{**audit, "sentence": text} for audit in results["audits"]]
        changed["experiment"] = {**results["experiment"], "model": {"kind": text, text: [text]}}
        report = render_run(changed, per_user)
        assert check_self_contained(report.html).elements == plain
        report.html.encode("utf-8")


def test_hostile_metric_labels(results, per_user, hostile):
    for text in map(clean, hostile):  # no data frame has a column that is no UTF-8
        label = f"{text}@10"
        measures = [
            {**row, "label": label, "name": text} if row["label"] == "ndcg@10" else row for row in results["metrics"]
        ]
        measures.append({**measures[0], "label": f"{text}@5"})
        experiment = {**results["experiment"], "evaluation": {"primary": label}}
        report = render_run(
            {**results, "metrics": measures, "experiment": experiment}, per_user.rename(columns={"ndcg@10": label})
        )
        check_self_contained(report.html)
        assert all(set(name) <= FILE_NAME for name in report.figures)
        for svg in report.figures.values():
            ET.fromstring(svg)  # noqa: S314 - our own


def test_labels_whose_slugs_are_equal_keep_their_own_figures(results, per_user):
    twins = [{**results["metrics"][1], "label": label} for label in ("n!@10", "n?@10")]
    frame = per_user.rename(columns={"ndcg@10": "n!@10", "recall@10": "n?@10"})
    figures = render_run({**results, "metrics": twins}, frame).figures
    assert sorted(figures) == ["users-n-10-2.svg", "users-n-10.svg"]


def test_a_partial_run_says_so_first(results, per_user):
    partial = {"limit_users": 100, "sentence": "Partial: at most 100 users."}
    read = Reader(render_run({**results, "partial": partial}, per_user).html)
    assert read.text.index("Partial: at most 100 users.", 50) < read.text.index("ndcg@10")
    assert ("p", "role", "note") in read.attributes


@pytest.mark.parametrize("missing", ["audits", "dataset", "environment", "expected", "experiment", "fingerprints"])
def test_parts_may_be_missing(missing, results, per_user):
    del results[missing]
    check_self_contained(render_run(results, per_user).html)


def test_next_to_nothing_is_a_page_too():
    report = render_run({"name": "x"}, pd.DataFrame({"user": []}))
    assert "No metric was computed." in check_self_contained(report.html).text
    assert report.figures == {}


def test_undefined_values_are_dashes(results, per_user):
    measures = [{**row, "value": None, "ci_low": None, "ci_high": None, "std": None} for row in results["metrics"]]
    per_user["ndcg@10"] = np.nan
    report = render_run({**results, "metrics": measures}, per_user)
    assert sorted(report.figures) == ["users-recall-10.svg"]
    assert not {"None", "nan", "inf"} & set(check_self_contained(report.html).text.split())


def test_rendering_leaves_its_input_and_is_the_same_twice(results, per_user):
    before = json.dumps(results)
    frame = per_user.copy()
    assert render_run(results, per_user) == render_run(results, per_user)
    assert json.dumps(results) == before
    pd.testing.assert_frame_equal(frame, per_user)


@pytest.mark.slow
def test_another_process_writes_the_same_bytes(results, per_user, tmp_path):
    (tmp_path / "results.json").write_text(json.dumps(results), encoding="utf-8")
    per_user.to_parquet(tmp_path / "per_user.parquet")
    program = (
        "import hashlib, json, sys; import pandas as pd; from harness.report import render_run\n"
        "results = json.load(open(sys.argv[1] + '/results.json'))\n"
        "html = render_run(results, pd.read_parquet(sys.argv[1] + '/per_user.parquet')).html\n"
        "print(hashlib.sha256(html.encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            env={**os.environ, "PYTHONHASHSEED": seed, "MPLBACKEND": "svg"},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert digests == {hashlib.sha256(render_run(results, per_user).html.encode()).hexdigest()}
