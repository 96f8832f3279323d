"""The report of a run, read by an HTML parser rather than a browser."""

import dataclasses
import hashlib
import math
import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from oracles.markup import Reader, check_self_contained
from run_records import record_of, write_results

from harness.artifacts import (
    CategoryShare,
    DatasetRecord,
    EnvironmentRecord,
    ListProfile,
    PartialRun,
    SliceGroup,
    SliceTable,
    SliceValue,
    to_json,
)
from harness.report import render_run
from harness.report.texts.number_text import clean

FILE_NAME = set("abcdefghijklmnopqrstuvwxyz0123456789-.")


def test_the_page_holds_what_a_reader_needs(record, per_user):
    report = render_run(record, per_user)
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


def test_figures_are_files_of_their_own(record, per_user):
    figures = render_run(record, per_user).figures
    assert sorted(figures) == ["curve-ndcg.svg", "users-ndcg-10.svg", "users-recall-10.svg"]
    for svg in figures.values():
        root = ET.fromstring(svg)  # noqa: S314 - our own
        assert root.get("role") == "img"
        assert root.get("aria-label")


def test_the_page_is_accessible(record, per_user):
    read = Reader(render_run(record, per_user).html)
    assert ("html", "lang", "en") in read.attributes
    assert read.elements.count("h1") == 1
    assert read.elements.count("table") == read.elements.count("caption")
    assert read.elements.count("svg") == sum(key == "aria-label" for tag, key, _ in read.attributes if tag == "svg")
    assert {value for _, key, value in read.attributes if key == "aria-labelledby"} <= set(read.ids)


def test_the_page_forbids_other_scripts_and_loads(record, per_user):
    read = Reader(render_run(record, per_user).html)
    (policy,) = [value for tag, key, value in read.attributes if key == "content" and "default-src" in value]
    assert "default-src 'none'" in policy
    assert policy.count("script-src") == 1
    assert "'unsafe-inline'" not in policy.partition("script-src")[2]


def test_hostile_names_change_no_element(record, per_user, hostile):
    plain = Reader(render_run(record, per_user).html).elements
    for text in hostile:
        changed = dataclasses.replace(
            record,
            name=text,
            dataset=dataclasses.replace(record.dataset, name=text),
            audits=tuple(dataclasses.replace(audit, sentence=text) for audit in record.audits),
            experiment=dataclasses.replace(record.experiment, resolved={"model": {"kind": text, text: [text]}}),
        )
        report = render_run(changed, per_user)
        assert check_self_contained(report.html).elements == plain
        report.html.encode("utf-8")


def test_hostile_metric_labels(record, per_user, hostile):
    for text in map(clean, hostile):  # no data frame has a column that is no UTF-8
        label = f"{text}@10"
        values = [
            dataclasses.replace(value, label=label, name=text) if value.label == "ndcg@10" else value
            for value in record.metrics
        ]
        values.append(dataclasses.replace(values[0], label=f"{text}@5"))
        evaluation = dataclasses.replace(record.experiment.evaluation, primary=label)
        experiment = dataclasses.replace(record.experiment, evaluation=evaluation)
        changed = dataclasses.replace(record, metrics=tuple(values), experiment=experiment)
        report = render_run(changed, per_user.rename(columns={"ndcg@10": label}))
        check_self_contained(report.html)
        assert all(set(name) <= FILE_NAME for name in report.figures)
        for svg in report.figures.values():
            ET.fromstring(svg)  # noqa: S314 - our own


def test_labels_whose_slugs_are_equal_keep_their_own_figures(record, per_user):
    twins = tuple(dataclasses.replace(record.metrics[1], label=label) for label in ("n!@10", "n?@10"))
    frame = per_user.rename(columns={"ndcg@10": "n!@10", "recall@10": "n?@10"})
    figures = render_run(dataclasses.replace(record, metrics=twins), frame).figures
    assert sorted(figures) == ["users-n-10-2.svg", "users-n-10.svg"]


def test_a_partial_run_says_so_first(record, per_user):
    partial = PartialRun(100, "Partial: at most 100 users.")
    read = Reader(render_run(dataclasses.replace(record, partial=partial), per_user).html)
    assert read.text.index("Partial: at most 100 users.", 50) < read.text.index("ndcg@10")
    assert ("p", "role", "note") in read.attributes


@pytest.mark.parametrize(
    "empty",
    [
        {"audits": ()},
        {"dataset": DatasetRecord()},
        {"environment": EnvironmentRecord()},
        {"expected": ()},
        {"fingerprints": {}},
        {"metrics": ()},
    ],
    ids=lambda empty: next(iter(empty)),
)
def test_parts_may_be_empty(empty, record, per_user):
    check_self_contained(render_run(dataclasses.replace(record, **empty), per_user).html)


def test_next_to_nothing_is_a_page_too():
    report = render_run(record_of(), pd.DataFrame({"user": []}))
    assert "No metric was computed." in check_self_contained(report.html).text
    assert report.figures == {}


def test_undefined_values_are_dashes(record, per_user):
    values = tuple(
        dataclasses.replace(value, value=math.nan, ci_low=None, ci_high=None, std=None) for value in record.metrics
    )
    per_user["ndcg@10"] = np.nan
    report = render_run(dataclasses.replace(record, metrics=values), per_user)
    assert sorted(report.figures) == ["users-recall-10.svg"]
    assert not {"None", "nan", "inf"} & set(check_self_contained(report.html).text.split())


def test_rendering_leaves_its_input_and_is_the_same_twice(record, per_user):
    before = to_json(record)
    frame = per_user.copy()
    assert render_run(record, per_user) == render_run(record, per_user)
    assert to_json(record) == before
    pd.testing.assert_frame_equal(frame, per_user)


@pytest.mark.slow
def test_another_process_writes_the_same_bytes(record, per_user, tmp_path):
    write_results(tmp_path, to_json(record), sealed=False)
    per_user.to_parquet(tmp_path / "per_user.parquet")
    program = (
        "import hashlib, pathlib, sys; import pandas as pd; from harness.report import render_run\n"
        "from harness.pipeline.run_folder.record_file import record_of\n"
        "record = record_of(pathlib.Path(sys.argv[1]))\n"
        "html = render_run(record, pd.read_parquet(sys.argv[1] + '/per_user.parquet')).html\n"
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
    assert digests == {hashlib.sha256(render_run(record, per_user).html.encode()).hexdigest()}


def slices_of(count, groups):
    value = SliceValue(0.1, 0.05, 0.2, 7)
    return tuple(
        SliceTable(
            f"user_column c{place}",
            "users",
            tuple(SliceGroup(f"group {one}", {"ndcg@10": value}) for one in range(groups)),
            {},
        )
        for place in range(count)
    )


def test_five_hundred_slices_of_many_groups_make_a_page(record, per_user):
    report = render_run(dataclasses.replace(record, slices=slices_of(500, 3)), per_user)
    read = check_self_contained(report.html)
    assert "and 492 more slices, in the tables" in read.text
    assert len(report.html) < 3_000_000
    many = render_run(dataclasses.replace(record, slices=slices_of(1, 120)), per_user)
    assert "and 80 more groups" in check_self_contained(many.html).text


def test_slices_and_the_profile_of_the_lists_are_drawn(record, per_user):
    even = tuple(place / 100 for place in range(101))
    profile = ListProfile(
        k=10,
        lorenz_histories=even,
        lorenz_lists=even,
        gini_histories=0.5,
        gini_lists=0.9,
        tenths_histories=(0.1,) * 10,
        tenths_lists=(0.1,) * 10,
        categories=(CategoryShare("Drama <b>", 0.6, 0.4),),
    )
    report = render_run(dataclasses.replace(record, slices=slices_of(1, 2), profile=profile), per_user)
    assert {"slice-user-column-c0.svg", "lorenz.svg", "popularity.svg", "categories.svg"} <= report.figures.keys()
    text = check_self_contained(report.html).text
    for words in ("group 1 0.1000 (7 users)", "lists, Gini 0.90", "Drama <b>", "tenth of the catalogue"):
        assert words in text, words


def test_one_user_and_no_timestamps(record, per_user):
    alone = dataclasses.replace(record, audits=(), dataset=dataclasses.replace(record.dataset, filtered={"users": 1}))
    text = check_self_contained(render_run(alone, per_user.iloc[:1]).html).text
    assert "Not known: the data has no timestamps." in text


def test_the_command_that_reproduces_a_run_is_quoted(record, per_user):
    odd = dataclasses.replace(record, name="a b; rm -rf x")
    text = check_self_contained(render_run(odd, per_user).html).text
    assert "harness eval 'reports/a b; rm -rf x/experiment.yaml' --force" in text
    assert "git checkout 8801a71 # the code had changes that were not committed" in text
