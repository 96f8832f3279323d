"""The JSON Schema of experiment files: what ships is valid, typos and wrong types are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from harness import registry
from harness.experiment import benchmark_schema, experiment_schema, load_experiment
from harness.experiment.yaml_nodes import YamlLocation, parse

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "experiments").glob("*/*.yaml")) + sorted((ROOT / "tests/external_project").glob("*.yaml"))
SCHEMAS = {"schema.json": experiment_schema, "benchmark-schema.json": benchmark_schema}


@pytest.fixture(scope="module")
def schemas():
    return {name: Draft202012Validator(make()) for name, make in SCHEMAS.items()}


def plain(text, name="x.yaml"):
    return parse(text, lambda line: YamlLocation(name, line)).plain()


def problems(validator, text):
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(plain(text))]


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_is_valid_and_the_shipped_file_is_up_to_date(schemas, name):
    Draft202012Validator.check_schema(schemas[name].schema)
    flag = " --benchmark" if name.startswith("benchmark") else ""
    written = json.loads((ROOT / "experiments" / name).read_text())
    assert written == schemas[name].schema, f"run: harness schema{flag} > experiments/{name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_shipped_file_is_valid(schemas, path):
    text = path.read_text()
    name = "benchmark-schema.json" if "experiments" in plain(text) else "schema.json"
    assert problems(schemas[name], text) == []
    if path.parent.name != "external_project":
        assert text.splitlines()[0] == f"# yaml-language-server: $schema=../{name}"
        assert (path.parent / f"../{name}").is_file()


def test_resolved_experiments_are_valid(schemas):
    for path in FILES:
        if path.stem in ("protocol", "benchmark") or path.parent.name == "external_project":
            continue
        resolved = json.loads(json.dumps(load_experiment(path).to_dict()))
        assert [error.message for error in schemas["schema.json"].iter_errors(resolved)] == [], path


GOOD = """
name: shop/ease
dataset: {path: plays.csv, columns: {user: who, item: what}, split: {kind: leave_last_out, n: 2}}
model: {kind: ease, params: {l2: 1e-3}, fit: {on: train}}
runner: {k: 50, memory: 4 GB}
evaluation: {metrics: [recall, "ndcg[gain=exp2]@5", {kind: rbp, p: 0.9}], primary: recall@10, slices: [activity]}
statistics: {test: {kind: permutation, flips: 2000}}
expected: {"ndcg@10": {value: 0.1, tolerance: 0.01}}
"""


def test_a_file_with_many_forms_is_valid(schemas):
    assert problems(schemas["schema.json"], GOOD) == []
    for form in ("{factory: 'shop.models:Mine', params: {k: 3}}", "{kind: torch, trial: warn}", "{fit: {on: train}}"):
        assert problems(schemas["schema.json"], f"extends: base.yaml\nmodel: {form}") == []
    for form in ("ml-100k", "{kind: synthetic, users: 100}", "null"):
        assert problems(schemas["schema.json"], f"dataset: {{catalog: {form}}}") == []


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("runner:", "runer:", "$"),
        ("memory:", "memroy:", "$.runner"),
        ("k: 50", "k: true", "$.runner.k"),
        ("k: 50", "k: 0", "$.runner.k"),
        ("kind: ease", "kind: eese", "$.model.kind"),
        ("l2:", "l3:", "$.model.params"),
        ("kind: leave_last_out", "kind: leave_last", "$.dataset.split.kind"),
        ("n: 2", "m: 2", "$.dataset.split"),
        ("user: who", "usr: who", "$.dataset.columns"),
        ("[recall,", "[recal,", "$.evaluation.metrics[0]"),
        ("p: 0.9", "q: 0.9", "$.evaluation.metrics[2]"),
        ("kind: rbp, ", "", "$.evaluation.metrics[2]"),
        ("recall@10", "recal@10", "$.evaluation.primary"),
        ("[activity]", "[activty]", "$.evaluation.slices[0]"),
        ("flips:", "flip:", "$.statistics.test"),
        ("ndcg@10", "ndgc@10", "$.expected"),
        ("on: train", "on: trian", "$.model.fit"),
    ],
)
def test_a_typo_is_found_where_it_stands(schemas, old, new, where):
    assert old in GOOD
    assert any(problem.startswith(where) for problem in problems(schemas["schema.json"], GOOD.replace(old, new, 1)))


def test_a_benchmark(schemas):
    validator = schemas["benchmark-schema.json"]
    good = "name: a\nexperiments: [b.yaml, c.yaml]\nbaseline: b.yaml\nprimary: ndcg@10\nstatistics: {margin: 0.1}\n"
    assert problems(validator, good) == []
    for old, new in (("[b.yaml, c.yaml]", "[b.yaml]"), ("baseline", "basline"), ("ndcg", "ndgc"), ("margin", "margn")):
        assert problems(validator, good.replace(old, new)) != []


def test_every_component_and_its_options_are_described(schemas):
    definitions = schemas["schema.json"].schema["$defs"]
    for group in ("metrics", "models", "sources", "splits", "filters", "tests"):
        for name in registry.names(group):
            described = definitions[f"{group}.{name}"]
            assert described["description"], (group, name)
            assert described["additionalProperties"] is False
    undescribed = [
        f"{name}.{key}"
        for name, definition in definitions.items()
        for key, value in definition.get("properties", {}).items()
        if key != "kind" and len(definition["properties"]) > 1 and not value.get("description")
    ]
    assert undescribed == []
