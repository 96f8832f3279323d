from typing import Any

import pytest

from harness.errors import ExperimentError
from harness.experiment import check_comparable, is_benchmark, load_benchmark, load_experiment

PROTOCOL = """\
dataset:
  catalog: ml-100k
  split: {kind: leave_last_out}
model: {fit: {on: train}}
evaluation:
  metrics: [recall, ndcg]
  cutoffs: [5, 10]
  primary: ndcg@5
statistics: {confidence: 0.9, seed: 3}
report: {directory: out}
"""
BENCHMARK = """\
name: both
experiments: [pop.yaml, ease.yaml]
baseline: pop.yaml
"""


@pytest.fixture
def files(write: Any) -> Any:
    write("in/protocol.yaml", PROTOCOL)
    write("in/pop.yaml", "extends: protocol.yaml\nname: pop\nmodel: {kind: popularity}\n")
    write("in/ease.yaml", "extends: protocol.yaml\nname: ease\nmodel: {kind: ease}\n")
    write("in/benchmark.yaml", BENCHMARK)
    return write


def message(*overrides: str) -> str:
    with pytest.raises(ExperimentError) as caught:
        load_benchmark("in/benchmark.yaml", overrides)
    return str(caught.value)


def test_a_benchmark_loads_experiments_relative_to_its_folder(files: Any) -> None:
    benchmark = load_benchmark("in/benchmark.yaml")
    assert benchmark.name == "both"
    assert benchmark.experiments == (load_experiment("in/pop.yaml"), load_experiment("in/ease.yaml"))
    assert benchmark.baseline == "pop"
    assert is_benchmark("in/benchmark.yaml")
    assert not is_benchmark("in/pop.yaml")


def test_missing_settings_come_from_the_baseline(files: Any) -> None:
    benchmark = load_benchmark("in/benchmark.yaml")
    assert (benchmark.statistics.confidence, benchmark.statistics.seed) == (0.9, 3)
    assert benchmark.primary == "ndcg@5"
    assert benchmark.report.directory == "out"
    files("in/benchmark.yaml", BENCHMARK, more="primary: recall@5\nstatistics: {margin: 1}\nreport: {directory: x}\n")
    benchmark = load_benchmark("in/benchmark.yaml")
    assert (benchmark.statistics.confidence, benchmark.statistics.margin) == (0.9, 1.0)
    assert (benchmark.primary, benchmark.report.directory) == ("recall@5", "x")


@pytest.mark.parametrize("baseline", ["ease.yaml", "./ease.yaml", "ease"])
def test_the_baseline_is_named_by_file_or_by_name(files: Any, baseline: str) -> None:
    assert load_benchmark("in/benchmark.yaml", [f"baseline={baseline}"]).baseline == "ease"


def test_an_override_applies_to_the_file_that_has_its_key(files: Any) -> None:
    overrides = ["name=other", "statistics.confidence=0.8", "runner.k=20", "primary=recall@10"]
    benchmark = load_benchmark("in/benchmark.yaml", overrides)
    assert (benchmark.name, benchmark.primary, benchmark.statistics.confidence) == ("other", "recall@10", 0.8)
    assert [experiment.runner.k for experiment in benchmark.experiments] == [20, 20]
    # What a comparison claims is no matter of its runs.
    plain = load_benchmark("in/benchmark.yaml").experiments
    assert [one.statistics for one in benchmark.experiments] == [one.statistics for one in plain]
    assert [experiment.name for experiment in benchmark.experiments] == ["pop", "ease"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("name: both\n", "", "in/benchmark.yaml:1: missing key 'name'"),
        ("name: both", "name: ../x", "in/benchmark.yaml:1: the name '../x' would leave the folder"),
        ("[pop.yaml, ease.yaml]", "[]", "in/benchmark.yaml:2: experiments is an empty list; 2 entry or more"),
        ("[pop.yaml, ease.yaml]", "[pop.yaml]", "in/benchmark.yaml:2: experiments is a list"),
        ("[pop.yaml, ease.yaml]", "pop.yaml", "in/benchmark.yaml:2: experiments is 'pop.yaml'; a list is needed"),
        ("[pop.yaml, ease.yaml]", "[pop.yaml, 3]", "in/benchmark.yaml:2: experiments[1] is 3; text is needed"),
        ("ease.yaml]", "eas.yaml]", "in/benchmark.yaml:2: no such file: in/eas.yaml. Did you mean 'in/ease.yaml'?"),
        ("ease.yaml]", "pop.yaml]", "two experiments have the name 'pop': in/pop.yaml:2 and in/pop.yaml:2"),
        ("baseline: pop.yaml\n", "", "in/benchmark.yaml:1: missing key 'baseline'"),
        ("baseline: pop.yaml", "baseline: pops.yaml", "in/benchmark.yaml:3: the baseline 'pops.yaml' is not one of"),
        ("baseline: pop.yaml", "basline: pop.yaml", "unknown key 'basline'. Did you mean 'baseline'?"),
        (
            "name: both",
            "name: both\nprimary: ndcg@6",
            "in/benchmark.yaml:2: the primary metric 'ndcg@6' is not computed",
        ),
        ("name: both", "name: both\nstatistics: {test: x}", "in/benchmark.yaml:2: unknown test 'x'"),
    ],
)
def test_invalid_benchmarks_are_errors(files: Any, old: str, new: str, words: str) -> None:
    assert old in BENCHMARK
    files("in/benchmark.yaml", BENCHMARK.replace(old, new))
    assert words in message()


def test_an_error_of_an_experiment_names_its_file(files: Any) -> None:
    files("in/ease.yaml", "extends: protocol.yaml\nname: ease\nmodel: {kind: eas}\n")
    assert message() == "in/ease.yaml:3: unknown model 'eas'. Did you mean 'ease'?"


def test_a_benchmark_is_not_an_experiment_and_the_reverse(files: Any) -> None:
    with pytest.raises(ExperimentError, match=r"^in/benchmark\.yaml:2: the file is a benchmark"):
        load_experiment("in/benchmark.yaml")
    with pytest.raises(
        ExperimentError, match=r"^in/pop\.yaml:2: the file is an experiment|^in/pop\.yaml:1: .*experiment"
    ):
        load_benchmark("in/pop.yaml")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("dataset: {split: {seed: 1}}", "dataset.split.seed differs: 0 in {0}protocol.yaml:3, 1 in {0}ease.yaml:4"),
        ("dataset: {filters: [{kind: min_rating, value: 4}]}", "dataset.filters[0].kind differs: null in"),
        ("candidates: {items: train}", "candidates.items differs: 'all' in {0}pop.yaml:1, 'train' in {0}ease.yaml:4"),
        ("candidates: {exclude: none}", "candidates.exclude differs: 'seen' in"),
        ("evaluation: {part: validation}", "evaluation.part differs: 'test' in {0}protocol.yaml:5, 'validation' in"),
        ("evaluation: {cutoffs: [5]}", "evaluation.cutoffs differs: [5, 10] in {0}protocol.yaml:7, [5] in {0}ease"),
        ("evaluation: {metrics: [ndcg]}", "evaluation.metrics differs: [ndcg@10, ndcg@5, recall@10, recall@5] in"),
        ("runner: {limit_users: 3}", "runner.limit_users differs: null in"),
    ],
)
def test_experiments_that_differ_in_the_protocol_are_not_comparable(files: Any, more: str, words: str) -> None:
    files("in/ease.yaml", f"extends: protocol.yaml\nname: ease\nmodel: {{kind: ease}}\n{more}\n")
    found = message()
    assert found.startswith("in/benchmark.yaml:2: ")
    assert words.format("in/") in found
    with pytest.raises(ExperimentError, match="differs"):
        check_comparable([load_experiment("in/pop.yaml"), load_experiment("in/ease.yaml")])


def test_comparable_experiments_may_differ_in_the_rest(files: Any) -> None:
    files(
        "in/ease.yaml",
        """\
        extends: protocol.yaml
        name: ease
        model: {kind: ease, fit: {on: train_validation}}
        runner: {k: 50, device: cpu, seed: 4}
        evaluation: {cutoffs: [10, 5], metrics: [ndcg, recall], parallel: {n_jobs: 1}}
        seed: 4
        """,
    )
    assert len(load_benchmark("in/benchmark.yaml").experiments) == 2


def test_no_experiment_or_one_is_comparable(files: Any) -> None:
    check_comparable([])
    check_comparable([load_experiment("in/pop.yaml")])
