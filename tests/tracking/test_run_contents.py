"""The metrics, parameters and tags of a record, computed without MLflow."""

import dataclasses
import math

from run_records import record_of

from harness.artifacts import MetricValue
from harness.tracking import run_contents


def metric(label, value, k, family="accuracy", **rest):
    return MetricValue(label, label.split("@")[0], k, {}, family, higher_is_better=True, value=value, **rest)


def record_with(metrics, primary=None):
    record = record_of({"experiment": {"evaluation": {"primary": primary}}})
    return dataclasses.replace(record, metrics=tuple(metrics))


def keys(record):
    return {(row.key, row.step): row.value for row in run_contents.measurements(record)}


def test_a_metric_is_there_once_at_the_cutoff_of_the_primary_and_as_a_curve():
    metrics = [
        metric("ndcg@1", 0.1, 1, ci_low=0.0, ci_high=0.2),
        metric("ndcg@5", 0.2, 5, ci_low=0.15, ci_high=0.25),
        metric("recall@1", 0.3, 1),
        metric("recall@5", 0.4, 5),
        metric("precision@1", 0.6, 1),
        metric("gini", 0.7, None, "concentration"),
    ]
    assert keys(record_with(metrics, "ndcg@5")) == {
        ("accuracy/ndcg_at_5", 0): 0.2,
        ("accuracy/ndcg_at_5_ci_low", 0): 0.15,
        ("accuracy/ndcg_at_5_ci_high", 0): 0.25,
        ("accuracy/ndcg_at_k", 1): 0.1,
        ("accuracy/ndcg_at_k", 5): 0.2,
        ("accuracy/recall_at_5", 0): 0.4,
        ("accuracy/recall_at_k", 1): 0.3,
        ("accuracy/recall_at_k", 5): 0.4,
        ("accuracy/precision_at_1", 0): 0.6,  # its only cutoff, so that it is no curve
        ("concentration/gini", 0): 0.7,
    }


def test_a_primary_metric_without_a_cutoff_leaves_the_largest_cutoff():
    metrics = [metric("ndcg@1", 0.1, 1), metric("ndcg@5", 0.2, 5), metric("auc", 0.7, None)]
    found = keys(record_with(metrics, "auc"))
    assert list(found) == [
        ("accuracy/auc", 0),
        ("accuracy/ndcg_at_5", 0),
        ("accuracy/ndcg_at_k", 1),
        ("accuracy/ndcg_at_k", 5),
    ]


def test_time_and_memory():
    timings = {
        "phases": {"fit": 0.5, "predict": 1.5},
        "total": 2.0,
        "users_per_second": 10.0,
        "peak_memory_bytes": 3_000_000,
        "peak_device_memory_bytes": 2_000_000,
    }
    assert keys(record_of({"timings": timings})) == {
        ("system/fit_seconds", 0): 0.5,
        ("system/predict_seconds", 0): 1.5,
        ("system/total_seconds", 0): 2.0,
        ("system/users_per_second", 0): 10.0,
        ("system/peak_memory_megabytes", 0): 3.0,
        ("system/peak_device_memory_megabytes", 0): 2.0,
    }


def test_undefined_and_infinite_values_are_left_out():
    metrics = [metric("b@1", math.inf, 1), metric("c@1", math.nan, 1), metric("d@1", 0, 1)]
    assert {key for key, _ in keys(record_with(metrics))} == {"accuracy/d_at_1"}


def test_very_many_metrics_are_cut_and_the_primary_stays():
    metrics = [metric(f"m{i}", i / 1000, None) for i in range(400)]
    rows = run_contents.measurements(record_with(metrics, "m399"))
    assert len({row.key for row in rows}) == run_contents.MOST_METRICS
    assert rows[0].key == "accuracy/m399"


def test_parameters_are_flat_and_cut_and_hold_no_null_and_nothing_empty():
    experiment = {
        "dataset": {"filters": [{"kind": "min_rating", "value": 4.0}], "path": None},
        "evaluation": {"cutoffs": [1, 5]},
        "expected": {"ndcg@10": {"value": 0.1}},
        "tracking": {"enabled": True},
        "model": {"params": {}},
        "name": "x" * 7000,
    }
    record = record_of()
    record = dataclasses.replace(record, experiment=dataclasses.replace(record.experiment, resolved=experiment))
    flat = run_contents.parameters(record)
    assert flat.pop("name") == "x" * 6000
    assert flat == {
        "dataset.filters.0.kind": "min_rating",
        "dataset.filters.0.value": "4.0",
        "evaluation.cutoffs": "[1, 5]",
        "expected.ndcg_at_10.value": "0.1",
        "tracking.enabled": "true",
    }


def test_tags_are_words_to_filter_by_fingerprints_and_the_commit():
    record = record_of(
        {
            "fingerprints": {"split": "s", "evaluation": "e"},
            "environment": {"harness": "0.1.0", "git": {"commit": "c", "dirty": False}},
            "partial": {"limit_users": 10, "sentence": "Partial."},
            "dataset": {"name": "ml-100k", "sha256": "s" * 64, "split": {"kind": "leave_last_out"}},
            "experiment": {"model": {"kind": "ease"}},
            "protocol": {"convention": "recbole", "candidates": {"items": "all"}},
        }
    )
    assert run_contents.tags(record) == {
        "harness.kind": "run",
        "harness.model": "ease",
        "harness.dataset": "ml-100k",
        "harness.split": "leave_last_out",
        "harness.part": "test",
        "harness.convention": "recbole",
        "harness.candidates": "all",
        "harness.fingerprint": "e",
        "harness.fingerprint.split": "s",
        "harness.fingerprint.evaluation": "e",
        "harness.version": "0.1.0",
        "harness.dataset.sha256": "s" * 64,
        "harness.partial": "Partial.",
        "harness.git.dirty": "false",
        "mlflow.source.git.commit": "c",
        "mlflow.source.name": "harness",
    }


def test_results_without_optional_parts():
    assert run_contents.measurements(record_of()) == []
    assert run_contents.tags(dataclasses.replace(record_of(), fingerprints={})) == {
        "harness.kind": "run",
        "harness.part": "test",
        "harness.convention": "harness",
        "mlflow.source.name": "harness",
    }


def test_the_time_of_creation_is_in_utc():
    assert run_contents.created_ms(record_of({"created": "1970-01-01T00:00:01Z"})) == 1000
    assert run_contents.created_ms(record_of({"created": "1970-01-01T00:00:01"})) == 1000
