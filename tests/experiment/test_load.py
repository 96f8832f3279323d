import dataclasses
import pickle
import subprocess
import sys
from typing import Any

import pytest

from harness.errors import ExperimentError, HarnessError
from harness.execution import Parallel
from harness.experiment import (
    ColumnNames,
    DatasetSettings,
    EvaluationSettings,
    Experiment,
    FitSettings,
    ModelSettings,
    RunnerSettings,
    TrackingSettings,
    load_experiment,
)
from harness.registry import load

FILE = """\
name: shop/knn
dataset:
  path: shop.parquet
  columns: {user: customer, item: article}
  split: {kind: global_time, test: 0.3}
model:
  kind: item_knn
  fit: {on: train}
"""


def message(path: Any, *overrides: str) -> str:
    with pytest.raises(ExperimentError) as caught:
        load_experiment(path, overrides)
    return str(caught.value)


def test_components_are_instances(write: Any) -> None:
    experiment = load_experiment(write())
    assert experiment.dataset.filters == (
        load("filters", "min_rating")(value=4.0),
        load("filters", "k_core")(users=5, items=5),
    )
    assert experiment.dataset.split == load("splits", "leave_last_out")(seed=3)
    assert experiment.model.params == load("models", "ease")(l2=100.0)


def test_defaults(write: Any) -> None:
    experiment = load_experiment(write())
    plain = experiment.to_dict()
    assert list(plain)[:4] == ["name", "seed", "dataset", "model"]
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
        "slices": [],
        "parallel": {"backend": "threading", "n_jobs": -1, "address": None},
    }
    assert plain["statistics"] == {
        "confidence": 0.95,
        "test": "auto",
        "correction": "holm",
        "margin": None,
        "seed": 0,
    }
    assert plain["tracking"] == {"experiment": "ml-100k", "enabled": True}
    assert plain["report"] == {"directory": "reports"}
    assert plain["expected"] == {}
    assert plain["dataset"]["columns"] is None
    split = {"kind": "leave_last_out", "n": 1, "validation": True, "ties": "shuffle", "seed": 3}
    assert plain["dataset"]["split"] == split
    assert plain["model"]["params"] == {"l2": 100.0}
    assert len(experiment.metrics) == 24


def test_columns_come_with_a_path(write: Any) -> None:
    path = write("shop.yaml", FILE)
    assert load_experiment(path).dataset.columns == ColumnNames("customer", "article", None, None)
    assert load_experiment(path, ["dataset.columns=null"]).dataset.columns == ColumnNames()


def test_the_resolved_experiment_loads_as_the_same(write: Any) -> None:
    more = """\
    runner: {batch_size: 7, device: 'cuda:1', limit_users: 5}
    evaluation: {metrics: [ndcg, {kind: recall, k: 3}], cutoffs: [10, 2], primary: recall@3}
    statistics: {margin: 1e-3, confidence: 0.9}
    expected: {"ndcg@10": {value: 0.089, tolerance: 0.004}, ndcg@2: {value: 0, tolerance: 0}}
    seed: 4
    """
    for path in (write(more=more), write("shop.yaml", FILE), write("odd.yaml", FILE.replace("shop/knn", "'1e-3'"))):
        experiment = load_experiment(path)
        again = load_experiment(write("resolved.yaml", experiment.to_yaml()))
        assert again == experiment
        assert again.to_dict() == experiment.to_dict()
        assert again.to_yaml() == experiment.to_yaml()


def test_it_is_a_value(write: Any) -> None:
    experiment = load_experiment(write())
    assert pickle.loads(pickle.dumps(experiment)) == experiment  # noqa: S301  (our own)
    tracking = dataclasses.replace(experiment.tracking, enabled=False)
    changed = dataclasses.replace(experiment, tracking=tracking)
    assert changed != experiment
    assert changed.to_dict() == experiment.to_dict() | {"tracking": {"experiment": "ml-100k", "enabled": False}}
    with pytest.raises(dataclasses.FrozenInstanceError):
        experiment.seed = 3  # type: ignore[misc]
    with pytest.raises(ValueError, match=r"coverage@5 looks at 5 ranks of a list, and runner\.k is 3"):
        dataclasses.replace(experiment, runner=RunnerSettings(k=3))


def test_it_can_be_written_in_python(write: Any) -> None:
    experiment = Experiment(
        name="ml-100k/ease",
        dataset=DatasetSettings(
            catalog="ml-100k",
            split=load("splits", "leave_last_out")(seed=3),
            filters=(load("filters", "min_rating")(value=4.0), load("filters", "k_core")(users=5, items=5)),
        ),
        model=ModelSettings(
            kind="ease",
            checkpoint="checkpoints/ml-100k/ease.safetensors",
            params=load("models", "ease")(l2=100.0),
            fit=FitSettings(on="train_validation"),
        ),
        tracking=TrackingSettings(experiment="ml-100k"),
    )
    assert experiment == load_experiment(write())
    with pytest.raises(ValueError, match=r"model\.params is"):
        ModelSettings(kind="popularity", checkpoint="x", params=load("models", "ease")(), fit=FitSettings(on="train"))


def test_the_top_level_seed_is_the_models_alone(write: Any) -> None:
    path = write("random.yaml", FILE.replace("item_knn", "random"), more="seed: 7\n")
    experiment = load_experiment(path)
    assert experiment.model.params.seed == 7
    assert (experiment.dataset.split.seed, experiment.statistics.seed, experiment.runner.seed) == (0, 0, 0)
    assert load_experiment(path, ["model.params.seed=1"]).model.params.seed == 1
    assert load_experiment(path, ["seed=9"]).model.params.seed == 9
    assert load_experiment(write("shop.yaml", FILE, more="seed: 7\n")).seed == 7


def test_a_whole_number_is_a_number(write: Any) -> None:
    experiment = load_experiment(write(), ["model.params.l2=200", "statistics.margin=1e-3"])
    assert experiment.model.params.l2 == 200.0
    assert experiment.statistics.margin == 0.001


def test_primary_is_the_first_label_where_there_is_no_ndcg(write: Any) -> None:
    path = write()
    assert load_experiment(path, ["evaluation.metrics=[hit_rate, ndcg]"]).primary == "ndcg@10"
    assert load_experiment(path, ["evaluation.cutoffs=[3, 5]"]).primary == "recall@3"
    assert load_experiment(path, ["evaluation.primary=recall@5"]).primary == "recall@5"


def test_parallel(write: Any) -> None:
    experiment = load_experiment(write(), ["evaluation.parallel={backend: loky, n_jobs: 2}"])
    assert experiment.evaluation.parallel == Parallel(backend="loky", n_jobs=2)
    experiment = load_experiment(write(), ["evaluation.parallel={backend: dask, address: 'tcp://10.0.0.1:8786'}"])
    assert experiment.evaluation.parallel == Parallel(backend="dask", address="tcp://10.0.0.1:8786")


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:0", "cuda:12"])
def test_devices(write: Any, device: str) -> None:
    assert load_experiment(write(), [f"runner.device={device}"]).runner.device == device


@pytest.mark.parametrize(
    ("more", "line", "words"),
    [
        ("runer: {k: 3}", 10, "unknown key 'runer'. Did you mean 'runner'?"),
        ("runner:\n  kk: 3", 11, "unknown key 'kk' in runner. Did you mean 'k'?"),
        ("runner: {devices: [gpu]}", 10, "runner.devices holds 'gpu'; auto, cpu, cuda or cuda:0, cuda:1, … is needed"),
        ("runner: {devices: [cpu, 0]}", 10, "runner.devices mixes kinds of devices"),
        ("runner: {memory: much}", 10, "runner.memory: 'much' is not a size; write it like 4 GB"),
        ("runner: {memory: 0 GB}", 10, "runner.memory is '0 GB', that is 0 bytes. Write 1 MB or more"),
        ("runner: {memory: 4}", 10, "runner.memory is 4, that is 4 bytes. Write 1 MB or more, such as 4 GB."),
        ("runner: {device: cpu, devices: [cpu]}", 10, "runner has both 'device' (or --device) and 'devices'"),
        ("runner: {memory: 1e3}", 10, "runner.memory is 1000.0, that is 1000 bytes"),
        ("runner: {memory: true}", 10, "runner.memory is true"),
        ("runner: {devices: [-1]}", 10, "runner.devices holds -1; GPUs are numbered from 0"),
        ("runner: {device: cpu, precision: tf32}", 10, "precision tf32 is a format of GPUs, and the device is cpu"),
        ("runner: {devices: [cpu], precision: tf32}", 10, "precision tf32 is a format of GPUs"),
        ("runner: {parallel: {backend: dask, address: 'tcp://a:70000'}}", 10, "it needs a protocol, a host and a port"),
        ("runner: {precision: half}", 10, "runner.precision is 'half'"),
        ("runner: {parallel: {backend: dask}}", 10, "backend dask needs the address of its scheduler"),
        ("runner: {k: 0}", 10, "runner.k is 0; 1 or more is needed"),
        ("runner: {k: true}", 10, "runner.k is true; a whole number is needed"),
        ("runner: {k: 1.0}", 10, "runner.k is 1.0; a whole number is needed"),
        ("runner: {k: '5'}", 10, "runner.k is '5'; a whole number is needed"),
        ("runner: {k: 010}", 10, "runner.k is '010'; a whole number is needed"),
        ("runner: {k: null}", 10, "runner.k is null; a whole number is needed"),
        ("runner: [k]", 10, "runner is a list; a map is needed"),
        ("runner:", 10, "runner is null; a map is needed"),
        ("runner: {device: gpu}", 10, "runner.device is 'gpu'; auto, cpu, cuda or cuda:0"),
        ("runner: {device: 'cuda:'}", 10, "runner.device is 'cuda:'"),
        ("runner: {batch_size: 0}", 10, "runner.batch_size is 0; 1 or more or 'auto' is needed"),
        ("runner: {batch_size: all}", 10, "runner.batch_size is 'all'; a whole number or 'auto' is needed"),
        ("runner: {limit_users: 0}", 10, "runner.limit_users is 0; 1 or more is needed"),
        ("runner: {seed: -1}", 10, "runner.seed is -1; 0 or more is needed"),
        ("runner: {k: 10}", 7, ""),
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
        ("statistics: {correction: bonferroni}", 10, "'holm' or 'none' is needed"),
        ("statistics: {margin: 0}", 10, "statistics.margin is 0; more than 0 is needed"),
        ("tracking: {enabled: no}", 10, "tracking.enabled is 'no'; true or false is needed"),
        ("tracking: {experiment: 3}", 10, "tracking.experiment is 3; text is needed (in quotes)"),
        ("report: {directory: ''}", 10, "report.directory is ''; text that is not empty is needed"),
        ("experiments: [a.yaml]", 10, "the file is a benchmark"),
    ],
)
def test_wrong_sections_name_their_line(write: Any, more: str, line: int, words: str) -> None:
    if not words:  # at the limit, and right
        load_experiment(write(more=f"{more}\nevaluation: {{cutoffs: [10]}}\n"))
        return
    found = message(write(more=f"{more}\n"))
    assert found.startswith(f"ease.yaml:{line}: ")
    assert words in found


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("name: ml-100k/ease\n", "", 1, "missing key 'name'. Add one, such as 'name: ml-100k/ease'."),
        ("name: ml-100k/ease", "name: ../../etc", 1, "would leave the folder reports"),
        ("name: ml-100k/ease", "name: /etc/passwd", 1, "would leave the folder reports"),
        ("name: ml-100k/ease", "name: a//b", 1, "would leave the folder reports"),
        ("name: ml-100k/ease", "name: 'C:\\x'", 1, "would leave the folder reports"),
        ("name: ml-100k/ease", "name: ''", 1, "name is ''; text that is not empty is needed"),
        ("name: ml-100k/ease", "name: 2024", 1, "name is 2024; text is needed (in quotes)"),
        ("catalog: ml-100k", "catalog: ml-100", 3, "unknown data set 'ml-100'. Did you mean 'ml-100k'?"),
        ("catalog: ml-100k", "path: ''", 3, "dataset.path is ''"),
        ("  catalog: ml-100k\n", "", 2, "dataset names no data"),
        ("catalog: ml-100k", "catalog: ml-100k\n  path: x.csv", 4, "both 'catalog' and 'path'"),
        ("catalog: ml-100k", "catalog: ml-100k\n  columns: {}", 4, "dataset.columns applies only with 'path'"),
        ("catalog: ml-100k", "path: x\n  columns: {item: user}", 4, "the column 'user' is both"),
        ("catalog: ml-100k", "path: x\n  columns: {user: null}", 4, "dataset.columns.user is null; text is needed"),
        ("catalog: ml-100k", "path: x\n  columns: {time: t}", 4, "unknown key 'time' in dataset.columns. Did you mean"),
        ("kind: min_rating", "kind: min_ratings", 4, "unknown filter 'min_ratings'. Did you mean 'min_rating'?"),
        ("value: 4", "value: true", 4, "dataset.filters[0].value is true; a number is needed"),
        ("users: 5, items", "user: 5, items", 4, "unknown option 'user' of the filter 'k_core'. Did you mean 'users'?"),
        ("  split: {kind: leave_last_out, seed: 3}\n", "", 2, "missing key 'split' in dataset. Add one, such as"),
        ("{kind: leave_last_out, seed: 3}", "{seed: 3}", 5, "a split has no key 'kind'. Known: fixed, global_time"),
        ("{kind: leave_last_out, seed: 3}", "leave_last_out", 5, "a map with a kind is needed"),
        ("{kind: leave_last_out, seed: 3}", "{kind: [a]}", 5, "kind is a list; text is needed"),
        ("leave_last_out", "leave_one_out", 5, "unknown split 'leave_one_out'. Did you mean 'leave_last_out'?"),
        ("seed: 3", "validation: 1", 5, "dataset.split.validation is 1; true or false is needed"),
        ("kind: ease", "kind: eas", 7, "unknown model 'eas'. Did you mean 'ease'?"),
        ("kind: ease", "kind: 3", 7, "model.kind is 3; text is needed"),
        ("  kind: ease\n", "", 6, "missing key 'kind' in model. Add one, such as"),
        ("kind: ease", "kind: ease\n  dropout: 0.1", 8, "unknown key 'dropout' in model. Known: checkpoint, fit"),
        ("kind: ease", "kind: ease\n  checkpoint: ''", 8, "model.checkpoint is ''"),
        ("l2: 100", "l1: 100", 8, "unknown option 'l1' of the model 'ease'. Known: l2."),
        ("{l2: 100}", "\n    l2: -1", 9, "model.params: l2 is -1"),
        ("{l2: 100}", "null", 8, "model.params is null; a map with the options of 'ease' is needed"),
        (
            "fit: {on: train_validation}",
            "fit: {}",
            9,
            "Say what the model is fitted on: 'train' or 'train_validation'.",
        ),
        ("  fit: {on: train_validation}\n", "", 6, "missing key 'fit' in model. Say what the model is fitted on"),
        ("on: train_validation", "on: test", 9, "model.fit.on is 'test'; 'train' or 'train_validation' is needed"),
    ],
)
def test_wrong_values_name_their_line(write: Any, old: str, new: str, line: int, words: str) -> None:
    path = write()
    text = path.read_text()
    assert old in text
    found = message(write(text=text.replace(old, new)))
    assert found.startswith(f"ease.yaml:{line}: ")
    assert words in found
    assert "\n" not in found


def test_fitted_on_what_it_is_scored_on(write: Any) -> None:
    found = message(write(), "evaluation.part=validation")
    assert found.startswith("ease.yaml:9: model.fit.on is 'train_validation' and evaluation.part is 'validation'")
    experiment = load_experiment("ease.yaml", ["evaluation.part=validation", "model.fit.on=train"])
    assert experiment.evaluation.part == "validation"


def test_the_first_few_of_several_faults_in_reading_order(write: Any) -> None:
    path = write(more="runner: {k: 0, q: 1}\nseed: x\nstatistics: {margin: -1}\nz: 1\ntracking: {enabled: 3}\n")
    lines = message(path).split("\n")
    assert [line.split(": ")[0] for line in lines[:5]] == [f"ease.yaml:{line}" for line in (10, 10, 11, 12, 13)]
    assert lines[5:] == ["… and 1 more."]


def test_a_fault_in_a_base_names_the_base(write: Any) -> None:
    write("base.yaml", "runner: {k: 0}\nevaluation: {cutoffs: [5]}\n")
    path = write(text="extends: base.yaml\n" + write().read_text())
    assert message(path) == "base.yaml:1: runner.k is 0; 1 or more is needed"
    assert message(path, "runner.k=3") == (
        "base.yaml:2: coverage@5 looks at 5 ranks of a list, and runner.k is 3. Raise runner.k, or remove the cutoff."
    )
    assert message(path, "runner.k=true") == "--set runner.k=true: runner.k is true; a whole number is needed"


def test_options_that_stay_when_the_kind_changes_are_explained(write: Any) -> None:
    base = write().read_text().replace("name: ml-100k/ease\n", "")
    write("base.yaml", base)
    path = write("child.yaml", "extends: base.yaml\nname: x\nmodel:\n  kind: popularity\n")
    found = message(path)
    assert found.startswith("base.yaml:7: unknown option 'l2' of the model 'popularity'")
    assert "child.yaml:4 sets kind: popularity, and maps merge" in found
    found = message("base.yaml", "name=x", "dataset.split.kind=global_time", "dataset.split.validation=true")
    assert "maps merge" not in found
    assert load_experiment(path, ["model.params={}"]).model.kind == "popularity"


def test_strings_from_strangers_are_shown_escaped(write: Any) -> None:
    found = message(write(more='"k\\u202Ey": 1\n'))
    assert "'k\\u202ey'" in found
    long = "x" * 10_000
    assert len(message(write(more=f"seed: {long}\n"))) < 300


def test_a_name_may_not_lead_through_a_link(write: Any, tmp_path: Any) -> None:
    path = write()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "ml-100k").symlink_to(tmp_path / "elsewhere")
    assert "reports/ml-100k is a link, and nothing is written through links" in message(path)


def test_a_name_longer_than_the_system_takes(write: Any) -> None:
    path = write()
    for name in ("x" * 300, "/".join(["x" * 200] * 40)):
        try:
            load_experiment(path, [f"name={name}"])
        except HarnessError as error:
            assert str(error).startswith("--set name=")  # noqa: PT017


def test_sections_stand_alone() -> None:
    assert EvaluationSettings(metrics=("recall",), cutoffs=(3,)).primary == "recall@3"
    with pytest.raises(ValueError, match="Did you mean 'recall'"):
        EvaluationSettings(metrics=("recal",))
    with pytest.raises(ValueError, match="is not a registered split"):
        DatasetSettings(catalog="ml-100k", split=load("filters", "k_core")(users=5, items=5))


def test_loading_is_quick_and_imports_nothing_heavy(write: Any) -> None:
    path = write("shop.yaml", FILE.replace("item_knn", "popularity"), more="evaluation: {metrics: [recall]}\n")
    code = (
        "import sys; from harness.experiment import load_experiment; load_experiment(sys.argv[1]); "
        "print(*{'torch', 'mlflow', 'numba', 'matplotlib'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
