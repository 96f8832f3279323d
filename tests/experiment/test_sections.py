from typing import Any

import pytest

from harness.execution import Parallel
from harness.experiment import (
    ColumnNames,
    DatasetSettings,
    EvaluationSettings,
    load_experiment,
)
from harness.registry import load


def test_defaults_of_all_sections(write: Any) -> None:
    experiment = load_experiment(write())
    plain = experiment.to_dict()
    assert list(plain)[:5] == ["name", "seed", "seeds", "dataset", "model"]
    assert plain["seeds"] == []
    assert plain["seed"] == 0
    assert plain["model"]["checkpoint"] == "checkpoints/ml-100k/ease.safetensors"
    unset = {"allow": None, "lists": None, "sampled": None}
    assert plain["candidates"] == {"items": "all", "exclude": "seen", **unset}
    assert plain["runner"] == {
        "k": 100,
        "device": "auto",
        "devices": None,
        "batch_size": "auto",
        "precision": "float32",
        "memory": None,
        "parallel": None,
        "seed": 0,
        "limit_users": None,
    }
    assert plain["evaluation"] == {
        "part": "test",
        "metrics": ["recall", "precision", "ndcg", "hit_rate", "coverage", "diversity"],
        "cutoffs": [1, 5, 10, 20],
        "primary": "ndcg@10",
        "convention": None,
        "ties": None,
        "without_predictions": None,
        "slices": [
            {"by": "activity", "quantiles": 4, "shares": [0.5, 0.8], "column": None},
            {"by": "item_popularity", "quantiles": 4, "shares": [0.5, 0.8], "column": None},
        ],
        "parallel": {"backend": "threading", "n_jobs": -1, "address": None},
    }
    assert plain["statistics"] == {
        "confidence": 0.95,
        "test": "auto",
        "correction": "maxt",
        "margin": None,
        "unit": "users",
        "seeds": "components",
        "pairs": "baseline",
        "seed": 0,
    }
    assert plain["tracking"] == {"experiment": "ml-100k", "enabled": True, "per_user": True}
    assert plain["report"] == {"directory": "reports", "examples": 20, "ids": "plain"}
    assert plain["expected"] == {}
    assert plain["dataset"]["columns"] is None
    split = {"kind": "leave_last_out", "n": 1, "validation": True, "ties": "shuffle", "seed": 3}
    assert plain["dataset"]["split"] == split
    assert plain["model"]["params"] == {"l2": 100.0}
    assert len(experiment.metrics) == 24


def test_a_path_has_default_columns(write: Any, shop: str) -> None:
    path = write("shop.yaml", shop)
    assert load_experiment(path).dataset.columns == ColumnNames("customer", "article", None, None)
    assert load_experiment(path, ["dataset.columns=null"]).dataset.columns == ColumnNames()


def test_components_are_instances(write: Any) -> None:
    experiment = load_experiment(write())
    assert experiment.dataset.filters == (
        load("filters", "min_rating")(value=4.0),
        load("filters", "k_core")(users=5, items=5),
    )
    assert experiment.dataset.split == load("splits", "leave_last_out")(seed=3)
    assert experiment.model.params == load("models", "ease")(l2=100.0)


def test_an_integer_is_a_valid_float(write: Any) -> None:
    experiment = load_experiment(write(), ["model.params.l2=200", "statistics.margin=1e-3"])
    assert experiment.model.params.l2 == 200.0
    assert experiment.statistics.margin == 0.001


def test_without_ndcg_the_first_label_is_primary(write: Any) -> None:
    path = write()
    assert load_experiment(path, ["evaluation.metrics=[hit_rate, ndcg]"]).primary == "ndcg@10"
    assert load_experiment(path, ["evaluation.cutoffs=[3, 5]"]).primary == "recall@3"
    assert load_experiment(path, ["evaluation.primary=recall@5"]).primary == "recall@5"


def test_parallel_settings(write: Any) -> None:
    experiment = load_experiment(write(), ["evaluation.parallel={backend: loky, n_jobs: 2}"])
    assert experiment.evaluation.parallel == Parallel(backend="loky", n_jobs=2)
    experiment = load_experiment(write(), ["evaluation.parallel={backend: dask, address: 'tcp://10.0.0.1:8786'}"])
    assert experiment.evaluation.parallel == Parallel(backend="dask", address="tcp://10.0.0.1:8786")


@pytest.mark.parametrize(
    ("more", "line", "words"),
    [
        ("runer: {k: 3}", 10, "unknown key 'runer'. Did you mean 'runner'?"),
        ("seed: yes", 10, "seed is 'yes'; a whole number is needed"),
        ("candidates: {items: some}", 10, "candidates.items is 'some'; 'all' or 'train' is needed"),
        ("candidates: {exclude: false}", 10, "candidates.exclude is false; 'seen' or 'none' is needed"),
        ("evaluation: {part: train}", 10, "evaluation.part is 'train'; 'test' or 'validation' is needed"),
        ("evaluation:\n  cutoffs:\n  - 5\n  - 0", 13, "a cutoff is 0; 1 or more is needed"),
        ("evaluation: {cutoffs: [5, 5]}", 10, "the cutoff 5 is repeated"),
        ("evaluation: {cutoffs: []}", 10, "no cutoffs; name one or more"),
        ("evaluation: {cutoffs: 5}", 10, "evaluation.cutoffs is 5; a list is needed"),
        ("evaluation: {cutoffs: [true]}", 10, "evaluation.cutoffs[0] is true; a whole number is needed"),
        (
            "evaluation:\n  cutoffs:\n  - 5\n  - 200",
            13,
            "coverage@200 looks at 200 ranks of a list, and runner.k is 100",
        ),
        (
            "evaluation:\n  metrics:\n  - ndcg\n  - {kind: gini, k: 200}",
            13,
            "gini@200 looks at 200 ranks of a list, and runner.k is 100",
        ),
        ("evaluation:\n  metrics:\n  - recall\n  - ndgc", 13, "unknown metric 'ndgc'. Did you mean 'ndcg'?"),
        ("evaluation: {metrics: []}", 10, "no metrics; name one or more"),
        ("evaluation: {metrics: [ndcg, ndcg]}", 10, "the metric 'ndcg@1' is repeated"),
        ("evaluation: {metrics: ndcg}", 10, "evaluation.metrics is 'ndcg'; a list is needed"),
        ("evaluation: {metrics: [3]}", 10, "evaluation.metrics[0] is 3; text or a map is needed"),
        ("evaluation: {metrics: [{k: 3}]}", 10, "a metric has no key 'kind'"),
        ("evaluation: {metrics: [{kind: 3}]}", 10, "kind is 3; text is needed"),
        ("evaluation: {metrics: [{kind: ndcg, gian: x}]}", 10, "unknown option 'gian' of the metric 'ndcg'"),
        ("evaluation: {metrics: [{kind: ndcg, k: true}]}", 10, "k is true; a whole number is needed"),
        ("evaluation: {metrics: [{kind: ndcg, k: 0}]}", 10, "k is 0"),
        (
            "evaluation:\n  primary: ndgc@10",
            11,
            "the primary metric 'ndgc@10' is not computed. Did you mean 'ndcg@10'?",
        ),
        ("evaluation: {parallel: {n_jobs: 0}}", 10, "n_jobs is 0; use 1 or more"),
        ("evaluation: {parallel: {backend: ray}}", 10, "'threading', 'loky' or 'dask' is needed"),
        ("evaluation: {parallel: {backend: dask}}", 10, "backend dask needs the address of its scheduler"),
        ("evaluation: {parallel: {jobs: 2}}", 10, "unknown key 'jobs' in evaluation.parallel. Did you mean 'n_jobs'?"),
        ("expected:\n  ndcg@11: {value: 1, tolerance: 0}", 11, "the expected metric 'ndcg@11' is not computed"),
        ("expected: {ndcg@10: {value: 1}}", 10, "missing key 'tolerance' in expected.ndcg@10"),
        ("expected: {ndcg@10: {value: 1, tolerance: -1}}", 10, "tolerance is -1; 0 or more is needed"),
        ("expected: {ndcg@10: {vlaue: 1, tolerance: 0}}", 10, "unknown key 'vlaue' in expected.ndcg@10. Did you mean"),
        ("expected: {ndcg@10: 0.1}", 10, "expected.ndcg@10 is 0.1; a map is needed"),
        ("statistics: {confidence: 95}", 10, "statistics.confidence is 95; less than 1 is needed"),
        ("statistics: {confidence: 0}", 10, "statistics.confidence is 0; more than 0 is needed"),
        ("statistics: {test: wilcoxn}", 10, "unknown test 'wilcoxn'"),
        ("statistics: {correction: bonferoni}", 10, "'maxt', 'holm', 'bonferroni', 'bh' or 'none' is needed"),
        ("statistics: {margin: 0}", 10, "statistics.margin is 0; more than 0 is needed"),
        ("tracking: {enabled: no}", 10, "tracking.enabled is 'no'; true or false is needed"),
        ("tracking: {per_user: 1}", 10, "tracking.per_user is 1; true or false is needed"),
        ("tracking: {experiment: 3}", 10, "tracking.experiment is 3; text is needed (in quotes)"),
        ("report: {directory: ''}", 10, "report.directory is ''; text that is not empty is needed"),
        ("experiments: [a.yaml]", 10, "the file is a benchmark"),
    ],
)
def test_invalid_sections_name_their_line(write: Any, message: Any, more: str, line: int, words: str) -> None:
    found = message(write(more=f"{more}\n"))
    assert found.startswith(f"ease.yaml:{line}: ")
    assert words in found


def test_sections_can_be_built_alone() -> None:
    assert EvaluationSettings(metrics=("recall",), cutoffs=(3,)).primary == "recall@3"
    with pytest.raises(ValueError, match="Did you mean 'recall'"):
        EvaluationSettings(metrics=("recal",))
    with pytest.raises(ValueError, match="is not a registered split"):
        DatasetSettings(catalog="ml-100k", split=load("filters", "k_core")(users=5, items=5))
