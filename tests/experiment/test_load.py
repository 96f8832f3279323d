import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import HarnessError
from harness.experiment import (
    load_benchmark,
    load_experiment,
)


def test_the_top_level_seed_is_the_default_of_the_model_seed_only(write: Any, shop: str) -> None:
    path = write("random.yaml", shop.replace("item_knn", "random"), more="seed: 7\n")
    experiment = load_experiment(path)
    assert experiment.model.params.seed == 7
    assert (experiment.dataset.split.seed, experiment.statistics.seed, experiment.runner.seed) == (0, 0, 0)
    assert load_experiment(path, ["model.params.seed=1"]).model.params.seed == 1
    assert load_experiment(path, ["seed=9"]).model.params.seed == 9
    assert load_experiment(write("shop.yaml", shop, more="seed: 7\n")).seed == 7


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
def test_invalid_values_name_their_line(write: Any, message: Any, old: str, new: str, line: int, words: str) -> None:
    path = write()
    text = path.read_text()
    assert old in text
    found = message(write(text=text.replace(old, new)))
    assert found.startswith(f"ease.yaml:{line}: ")
    assert words in found
    assert "\n" not in found


def test_several_errors_are_listed_in_reading_order(write: Any, message: Any) -> None:
    path = write(more="runner: {k: 0, q: 1}\nseed: x\nstatistics: {margin: -1}\nz: 1\ntracking: {enabled: 3}\n")
    lines = message(path).split("\n")
    assert [line.split(": ")[0] for line in lines[:5]] == [f"ease.yaml:{line}" for line in (10, 10, 11, 12, 13)]
    assert lines[5:] == ["… and 1 more."]


def test_an_error_in_a_base_file_names_the_base_file(write: Any, message: Any) -> None:
    write("base.yaml", "runner: {k: 0}\nevaluation: {cutoffs: [5]}\n")
    path = write(text="extends: base.yaml\n" + write().read_text())
    assert message(path) == "base.yaml:1: runner.k is 0; 1 or more is needed"
    assert message(path, "runner.k=3") == (
        "base.yaml:2: coverage@5 looks at 5 ranks of a list, and runner.k is 3. Raise runner.k, or remove the cutoff."
    )
    assert message(path, "runner.k=true") == "--set runner.k=true: runner.k is true; a whole number is needed"


def test_an_error_explains_options_merged_under_another_kind(write: Any, message: Any) -> None:
    base = write().read_text().replace("name: ml-100k/ease\n", "")
    write("base.yaml", base)
    path = write("child.yaml", "extends: base.yaml\nname: x\nmodel:\n  kind: popularity\n")
    found = message(path)
    assert found.startswith("base.yaml:7: unknown option 'l2' of the model 'popularity'")
    assert "child.yaml:4 sets kind: popularity, and maps merge" in found
    found = message("base.yaml", "name=x", "dataset.split.kind=global_time", "dataset.split.validation=true")
    assert "maps merge" not in found
    assert load_experiment(path, ["model.params={}"]).model.kind == "popularity"


def test_messages_escape_control_characters_and_shorten_values(write: Any, message: Any) -> None:
    found = message(write(more='"k\\u202Ey": 1\n'))
    assert "'k\\u202ey'" in found
    long = "x" * 10_000
    assert len(message(write(more=f"seed: {long}\n"))) < 300


def test_loading_imports_no_heavy_package(write: Any, shop: str) -> None:
    path = write("shop.yaml", shop.replace("item_knn", "popularity"), more="evaluation: {metrics: [recall]}\n")
    code = (
        "import sys; from harness.experiment import load_experiment; load_experiment(sys.argv[1]); "
        "print(*{'torch', 'mlflow', 'numba', 'matplotlib'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""


ANY = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
junk = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 200), st.floats(), st.text(max_size=4), st.just([]), st.just({})
) | st.sampled_from([[1], ["ndcg"], {"kind": "ease"}, {"kind": None}, "ease", "../..", [[]], {"": 1}, 10**30])


def complete(write: Any) -> Any:
    return load_experiment(write()).to_dict()


def paths(plain: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    return [path for step, below in steps for path in ((*above, step), *paths(below, (*above, step)))]


@ANY
@given(data=st.data())
def test_any_value_anywhere_is_valid_or_an_error_with_a_location(write: Any, data: st.DataObject) -> None:
    plain = copy.deepcopy(complete(write))
    path = data.draw(st.sampled_from(paths(plain)))
    parent = plain
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = data.draw(junk)
    Path("any.yaml").write_text(json.dumps(plain), encoding="utf-8")
    try:
        experiment = load_experiment("any.yaml")
    except HarnessError as error:
        assert all(line.startswith(("any.yaml:", "…")) for line in str(error).split("\n"))  # noqa: PT017
    else:
        assert load_experiment(write("again.yaml", experiment.to_yaml())) == experiment


@ANY
@given(st.text("ab:-[]{}&*!|>'\"%@#,? \n\t0.\\<~x", max_size=40))
def test_any_text_raises_nothing_but_harness_errors(write: Any, text: str) -> None:
    write("any.yaml", "")
    Path("any.yaml").write_text(text, encoding="utf-8")
    for read in (load_experiment, load_benchmark):
        with pytest.raises(HarnessError):
            read("any.yaml")


@ANY
@given(st.binary(max_size=60))
def test_any_bytes_raise_nothing_but_harness_errors(write: Any, content: bytes) -> None:
    write("any.yaml", "")
    Path("any.yaml").write_bytes(content)
    with pytest.raises(HarnessError):
        load_experiment("any.yaml")


@ANY
@given(st.text("abckndseruomlw.=[]{}:,'\"0123 -", max_size=25))
def test_any_override_is_valid_or_an_error(write: Any, override: str) -> None:
    path = write()
    try:
        load_experiment(path, [override])
    except HarnessError as error:
        assert str(error).startswith((f"--set {override}", "ease.yaml"))  # noqa: PT017


def test_the_resolved_yaml_reads_the_same_with_pyyaml(write: Any) -> None:
    experiment = load_experiment(write(), ["statistics.margin=1e-7", "name='1e-3'", "report.directory='no'"])
    assert yaml.safe_load(experiment.to_yaml()) == experiment.to_dict()
