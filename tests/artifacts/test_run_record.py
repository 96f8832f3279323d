"""The record of a run: written as JSON and read back, and refused where a field is missing or damaged."""

from __future__ import annotations

import copy
import dataclasses
import functools
import json
import math
import re

import pytest
from hypothesis import given, settings
from run_records import SMALLEST, record_of, results_in, write_results
from strategies import run_records

from harness.artifacts import Finding, RunRecord, SliceGroup, SliceTable, SliceValue, TieRange, to_json
from harness.errors import HarnessError
from harness.pipeline.run_folder.record_file import (
    earlier_record,
    parsed_record,
    read_record,
    rewrite_record,
    write_record,
)

# In the order of the file.
WHOLE = {
    "schema_version": 2,
    "name": "ml-100k/ease",
    "created": "2026-11-23T10:00:00Z",
    "partial": {"limit_users": 5, "sentence": "Partial: 5 users."},
    "experiment": SMALLEST["experiment"],
    "fingerprints": SMALLEST["fingerprints"],
    "model_files": {"a.npz": "aa"},
    "environment": {
        "harness": "0.1.0",
        "python": "3.12.1",
        "platform": "Linux",
        "cores": 2,
        "device": "cpu",
        "packages": {"numpy": "2.4", "torch": None},
        "git": {"commit": "c", "dirty": False},
    },
    "dataset": {
        "name": "ml-100k",
        "sha256": "9c",
        "source": {"origin": "a zip"},
        "warnings": [{"name": "user_ids_alike", "count": 2, "sentence": "2 user ids are alike."}],
        "raw": {"interactions": 9},
        "filtered": {"interactions": 8},
        "filters": [{"kind": "min_rating", "options": {"value": 4.0}, "interactions_after": 8}],
        "split": {"kind": "leave_last_out", "facts": {}},
    },
    "protocol": {
        "part": "test",
        "fit_on": "train",
        "history": ["train"],
        "rolling": False,
        "candidates": {"items": "all", "exclude": "seen", "count": 3, "sampled": {"negatives": 5}, "sha256": "cc"},
        "k": 10,
        "precision": "float32",
        "tie_order": "score descending",
        "convention": None,
        "ties": "given",
        "without_predictions": "zero",
        "users": 2,
        "lists": 2,
        "relevant_items": 2,
        "lists_shorter_than_k": 0,
        "counts": {"repeated_items": 0},
    },
    "metrics": [
        {
            "label": "ndcg@10",
            "name": "ndcg",
            "k": 10,
            "variant": {"gain": "binary"},
            "family": "accuracy",
            "higher_is_better": True,
            "value": None,
            "std": None,
            "ci_low": None,
            "ci_high": None,
            "n_users": None,
            "ties": {"worst": 0.1, "expected": 0.2, "best": 0.3},
            "lower": 0.0,
            "upper": 1.0,
        }
    ],
    "slices": [
        {
            "name": "activity",
            "of": "users",
            "groups": [
                {"group": "1", "metrics": {"ndcg@10": {"value": 0.1, "ci_low": None, "ci_high": None, "n_users": 1}}}
            ],
            "gaps": {"ndcg@10": {"highest": "1", "lowest": "2", "difference": 0.1, "ci_low": None, "ci_high": None}},
        }
    ],
    "audits": [
        {
            "name": "repeats",
            "severity": "warning",
            "count": 1,
            "of": 2,
            "share": 0.5,
            "sentence": "1 of 2.",
            "cases": ["user a"],
        },
        {"name": "score_ties", "severity": "info", "sentence": "None.", "cases": []},
        {
            "name": "ignores_history",
            "severity": "info",
            "count": 0,
            "of": 2,
            "share": 0.0,
            "sentence": "0 of 2.",
            "cases": [],
            "trial": True,
        },
    ],
    "timings": {"phases": {"fit": 0.5}, "total": 0.5, "users_from_cache": 0, "peak_memory_bytes": 1000},
    "expected": [{"label": "ndcg@10", "value": None, "expected": 0.1, "tolerance": 0.01, "met": False}],
}


def leaves(value, path=()):
    """Yield the path to each value of nested dictionaries and lists, containers included."""
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from leaves(child, (*path, key))


def at(results, path):
    return functools.reduce(lambda place, key: place[key], path, results)


def put(results, path, value):
    changed = copy.deepcopy(results)
    at(changed, path[:-1])[path[-1]] = value
    return changed


# Facts are nested values of any kind, which are shown and never computed with.
FACTS = {
    ("experiment", "model", "params"),
    ("experiment", "model", "trial"),
    *(("dataset", key) for key in ("source", "raw", "filtered", "filters", "split")),
    *(("protocol", "candidates", key) for key in ("allow", "lists", "sampled")),
    ("protocol", "counts"),
    ("metrics", 0, "variant"),
}
TYPED = [
    path
    for path in leaves(WHOLE)
    if path[-1] != "share"  # computed from the counts
    and not any(path[: len(facts)] == facts for facts in FACTS)
]


def test_what_is_written_reads_back_with_the_same_keys_in_the_same_order(tmp_path):
    record = write_record(tmp_path, record_of(WHOLE | {"schema_version": 1}), renewed=())
    written = results_in(tmp_path)
    assert list(written)[-2:] == ["files", "digest"]
    kept = {key: value for key, value in written.items() if key not in ("files", "digest")}
    assert json.dumps(kept) == json.dumps(WHOLE | {"schema_version": 1})
    assert to_json(record) == written


@given(run_records())
@settings(max_examples=40, deadline=None)
def test_any_record_reads_back_as_it_was_written(tmp_path_factory, record):
    folder = tmp_path_factory.mktemp("run")
    written = write_record(folder, record, renewed=())
    assert without_nan(read_record(folder)) == without_nan(written)
    unlisted = dataclasses.replace(written, files=None, digest=None)
    assert without_nan(unlisted) == without_nan(record)


def without_nan(record):
    """Return a record with -1 for NaN, which is not equal to itself."""
    return dataclasses.replace(
        record,
        metrics=tuple(
            dataclasses.replace(value, value=-1.0 if math.isnan(value.value) else value.value)
            for value in record.metrics
        ),
    )


def test_the_parts_are_values_with_attributes():
    record = record_of(WHOLE | {"schema_version": 1})
    assert isinstance(record, RunRecord)
    assert record.experiment.statistics.confidence == 0.95
    assert record.environment.git.commit == "c"
    assert record.protocol.candidates.sampled == {"negatives": 5}
    assert math.isnan(record.metrics[0].value)
    assert record.metrics[0].ties == TieRange(0.1, 0.2, 0.3)
    group = SliceGroup("1", {"ndcg@10": SliceValue(0.1, None, None, 1)})
    assert isinstance(record.slices[0], SliceTable)
    assert record.slices[0].groups == (group,)
    assert record.audits[0] == Finding("repeats", 1, 2, "1 of 2.", "warning", ("user a",))
    assert (record.audits[1].count, record.audits[1].share) == (None, None)
    assert record.audits[2].trial
    assert record.headline is record.metrics[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.name = "other"


MAP_OR_TEXT = [("experiment", "statistics", "test")]


def test_each_damaged_field_is_named_with_the_file(tmp_path):
    path = tmp_path / "results.json"
    for keys in TYPED:
        # A value of another type than any field has: a list in the place of a map, and a map in that of all else.
        wrong = [1] if isinstance(at(WHOLE, keys), dict) or keys in MAP_OR_TEXT else {"wrong": [1]}
        path.write_text(json.dumps(put(WHOLE, keys, wrong)))
        with pytest.raises(HarnessError) as refused:
            read_record(tmp_path)
        message = str(refused.value)
        field = re.escape(".".join(map(str, keys)))
        assert re.match(rf"{re.escape(str(path))} is damaged: {field}(\.str)?: Input should be ", message), message
        assert message.endswith("Run the experiment again with --force.")


REQUIRED = [
    ("name",),
    ("experiment",),
    ("experiment", "statistics"),
    ("experiment", "statistics", "confidence"),
    ("experiment", "evaluation", "primary"),
    ("experiment", "runner", "limit_users"),
    ("fingerprints",),
    ("fingerprints", "split"),
    ("protocol",),
    ("protocol", "part"),
    ("protocol", "candidates"),
    ("metrics",),
    ("metrics", 0, "label"),
    ("metrics", 0, "value"),
    ("slices", 0, "groups"),
    ("audits", 0, "name"),
    ("audits", 0, "sentence"),
    ("expected", 0, "met"),
]


@pytest.mark.parametrize("path", REQUIRED, ids=lambda path: ".".join(map(str, path)))
def test_each_missing_field_is_named(tmp_path, path):
    results = copy.deepcopy(WHOLE)
    del at(results, path[:-1])[path[-1]]
    write_results(tmp_path, results)
    with pytest.raises(HarnessError, match=rf"results\.json is damaged: {'.'.join(map(str, path))} is missing"):
        read_record(tmp_path)


@pytest.mark.parametrize("key", ["files", "digest", "dataset", "environment", "timings", "audits", "slices"])
def test_a_record_of_this_version_without_a_key_is_damaged(tmp_path, key):
    write_record(tmp_path, record_of(WHOLE | {"schema_version": 1}), renewed=())
    results = results_in(tmp_path) | {"schema_version": 2}
    del results[key]
    write_results(tmp_path, results, sealed=key != "digest")
    with pytest.raises(HarnessError, match=f"{key} is missing"):
        read_record(tmp_path)


def test_a_record_that_was_changed_is_damaged(tmp_path):
    write_record(tmp_path, dataclasses.replace(record_of(WHOLE | {"schema_version": 1}), schema_version=2), renewed=())
    assert read_record(tmp_path).name == "ml-100k/ease"
    write_results(tmp_path, results_in(tmp_path) | {"name": "other"}, sealed=False)
    with pytest.raises(HarnessError, match="it was changed since it was written"):
        read_record(tmp_path)
    assert earlier_record(tmp_path) is None


@pytest.mark.parametrize("version", [0, 3])
def test_another_schema_version_is_refused(tmp_path, version):
    write_results(tmp_path, WHOLE | {"schema_version": version})
    with pytest.raises(HarnessError, match=f"has schema version {version}; this version of harness reads 1 and 2"):
        read_record(tmp_path)


def test_version_1_is_read_with_a_warning(tmp_path, caplog):
    write_results(tmp_path, SMALLEST, sealed=False)
    record = read_record(tmp_path)
    assert (record.files, record.digest, record.metrics, record.dataset.name) == (None, None, (), "")
    assert caplog.text.count("its files are unchecked") == 1


def test_keys_of_other_versions_are_ignored_and_stay(tmp_path):
    record = dataclasses.replace(record_of(WHOLE | {"schema_version": 1}), schema_version=2)
    write_record(tmp_path, record, renewed=())
    results = results_in(tmp_path)
    results["further"] = {"a": [1, 2.5]}
    results["metrics"][0]["further"] = "b"
    write_results(tmp_path, results)
    (tmp_path / "report.html").write_text("x")
    again = rewrite_record(tmp_path, parsed_record(tmp_path), {"created": "2001-01-01"}, renewed=["report.html"])
    written = results_in(tmp_path)
    assert (again.created, again.name) == ("2001-01-01", "ml-100k/ease")
    assert written["further"] == {"a": [1, 2.5]}
    assert written["metrics"][0]["further"] == "b"
    assert list(written["files"]) == ["report.html"]
    assert read_record(tmp_path) is not None
