from typing import Any

import pytest

from harness.errors import ExperimentError
from harness.experiment import load_base_file


def test_a_base_file_is_completed_with_placeholders(write: Any) -> None:
    base = load_base_file(write("base.yaml", "runner: {seed: 3}\n"))
    assert base is not None
    assert (base.runner.seed, base.dataset.path, base.model.kind) == (3, "base.yaml", "popularity")


def test_own_keys_of_a_base_file_are_kept(write: Any) -> None:
    text = "name: shop/protocol\ndataset: {catalog: ml-100k, split: {kind: global_time}}\nmodel: {fit: {on: train}}\n"
    base = load_base_file(write("base.yaml", text), ["seed=4"])
    assert base is not None
    assert (base.name, base.dataset.path, base.seed) == ("shop/protocol", None, 4)
    assert base.where(("dataset", "split")) == "base.yaml:2"


def test_cutoffs_may_exceed_the_default_length_of_lists(write: Any) -> None:
    assert load_base_file(write("base.yaml", "evaluation: {cutoffs: [500]}\n")) is not None


def test_experiments_and_benchmarks_are_no_base_files(write: Any) -> None:
    assert load_base_file(write()) is None
    assert load_base_file(write("short.yaml", "model: {factory: shop:Popular}\n")) is None
    assert load_base_file(write("benchmark.yaml", "experiments: [a.yaml, b.yaml]\n")) is None


def test_an_invalid_key_of_a_base_file_names_its_line(write: Any) -> None:
    with pytest.raises(ExperimentError, match=r"^base\.yaml:2: unknown key 'kk' in runner"):
        load_base_file(write("base.yaml", "seed: 1\nrunner: {kk: 3}\n"))
