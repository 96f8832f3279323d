"""What of a run goes to MLflow, worked out without MLflow."""

import math

from harness.tracking import run_contents


def metric(label, value, k, family="accuracy", **rest):
    return {"label": label, "name": label.split("@")[0], "k": k, "family": family, "value": value, **rest}


def keys(results):
    return {(row.key, row.step): row.value for row in run_contents.measurements(results)}


def test_headline_curve_and_interval_of_the_primary_alone():
    results = {
        "experiment": {"evaluation": {"primary": "ndcg@5"}},
        "metrics": [
            metric("ndcg@1", 0.1, 1, ci_low=0.0, ci_high=0.2),
            metric("ndcg@5", 0.2, 5, ci_low=0.15, ci_high=0.25),
            metric("gini", 0.7, None, "concentration"),
        ],
    }
    assert keys(results) == {
        ("accuracy/ndcg_at_1", 0): 0.1,
        ("accuracy/ndcg_at_5", 0): 0.2,
        ("accuracy/ndcg_at_5_ci_low", 0): 0.15,
        ("accuracy/ndcg_at_5_ci_high", 0): 0.25,
        ("accuracy/ndcg_at_k", 1): 0.1,
        ("accuracy/ndcg_at_k", 5): 0.2,
        ("concentration/gini", 0): 0.7,
    }


def test_undefined_and_infinite_values_are_left_out():
    metrics = [metric("a@1", None, 1), metric("b@1", math.inf, 1), metric("c@1", math.nan, 1), metric("d@1", 0, 1)]
    assert {key for key, _ in keys({"metrics": metrics})} == {"accuracy/d_at_1", "accuracy/d_at_k"}


def test_very_many_metrics_are_cut_and_the_primary_stays():
    metrics = [metric(f"m{i}", i / 1000, None) for i in range(400)]
    rows = run_contents.measurements({"experiment": {"evaluation": {"primary": "m399"}}, "metrics": metrics})
    assert len({row.key for row in rows}) == run_contents.MOST_METRICS
    assert rows[0].key == "accuracy/m399"


def test_parameters_are_flat_and_cut():
    experiment = {
        "dataset": {"filters": [{"kind": "min_rating", "value": 4.0}], "path": None},
        "evaluation": {"cutoffs": [1, 5]},
        "expected": {"ndcg@10": {"value": 0.1}},
        "tracking": {"enabled": True},
        "model": {"params": {}},
        "name": "x" * 7000,
    }
    flat = run_contents.parameters({"experiment": experiment})
    assert flat.pop("name") == "x" * 6000
    assert flat == {
        "dataset.filters.0.kind": "min_rating",
        "dataset.filters.0.value": "4.0",
        "dataset.path": "null",
        "evaluation.cutoffs": "[1, 5]",
        "expected.ndcg_at_10.value": "0.1",
        "tracking.enabled": "true",
        "model.params": "{}",
    }


def test_tags_hold_fingerprints_commit_and_dirty_flag():
    results = {
        "fingerprints": {"data": "d", "evaluation": "e"},
        "environment": {"harness": "0.1.0", "git": {"commit": "c", "dirty": False}},
        "partial": {"limit_users": 10, "sentence": "Partial."},
        "dataset": {"sha256": "s" * 64},
    }
    assert run_contents.tags(results) == {
        "harness.fingerprint": "e",
        "harness.fingerprint.data": "d",
        "harness.fingerprint.evaluation": "e",
        "harness.version": "0.1.0",
        "harness.dataset.sha256": "s" * 64,
        "harness.partial": "Partial.",
        "harness.git.dirty": "false",
        "mlflow.source.git.commit": "c",
        "mlflow.source.name": "harness",
    }


def test_results_without_optional_parts():
    assert run_contents.measurements({}) == []
    assert run_contents.tags({"partial": None, "environment": {"git": None}}) == {"mlflow.source.name": "harness"}
