"""The key ``seeds``: one experiment per seed, with a checkpoint of its own."""

from __future__ import annotations

import pytest

import harness
from harness.errors import HarnessError
from harness.experiment import seed_experiments


@pytest.fixture
def load(small):
    def load(*overrides, kind="pure_svd", params="{factors: 3}"):
        text = small.read_text().replace("kind: ease", f"kind: {kind}").replace("{l2: 10.0}", params)
        path = small.with_name(f"{kind}.yaml")
        path.write_text(text)
        return harness.load_experiment(path, overrides)

    return load


def test_each_seed_is_an_experiment(load):
    found = seed_experiments(load("seeds=[3, 0]"))
    assert [one.name for one in found] == ["small/ease/seed-3", "small/ease/seed-0"]
    assert [one.model.params.seed for one in found] == [one.seed for one in found] == [3, 0]
    assert [one.model.checkpoint.rpartition("/")[2] for one in found] == [
        "ease-seed-3.safetensors",
        "ease-seed-0.safetensors",
    ]
    assert all(one.seeds == () for one in found)
    assert found[0].where(("seeds",)) == "--set seeds=[3, 0]"


def test_without_seeds_it_is_the_experiment(load):
    experiment = load()
    assert seed_experiments(experiment) == (experiment,)


def test_a_pattern_names_the_checkpoints(load, tmp_path):
    found = seed_experiments(load("seeds=[0, 1]", f"model.checkpoint={tmp_path}/run-{{seed}}/svd.safetensors"))
    assert [one.model.checkpoint for one in found] == [f"{tmp_path}/run-{seed}/svd.safetensors" for seed in (0, 1)]


def test_a_deterministic_model_is_run_once(load):
    (found,) = seed_experiments(load("seeds=[0, 1, 2]", kind="ease", params="{l2: 10.0}"))
    assert found.name == "small/ease/seed-0"
    assert found.model.checkpoint.endswith("/ease.safetensors")


def test_resolved_experiments_keep_their_seeds(load, tmp_path):
    experiment = load("seeds=[0, 1]")
    path = tmp_path / "resolved.yaml"
    path.write_text(experiment.to_yaml())
    assert harness.load_experiment(path) == experiment


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["seeds=[1, 1]"], "the seed 1 is repeated"),
        (["seeds=[-1]"], "seeds"),
        (["model.checkpoint=a/{seed}.safetensors"], r"has \{seed\}, and there are no seeds. Add seeds"),
        (["seeds=[0]", "expected={ndcg@10: {value: 1, tolerance: 1}}"], "expected values are of one run"),
    ],
)
def test_what_does_not_fit_is_refused(load, overrides, message):
    with pytest.raises(HarnessError, match=message):
        load(*overrides)


def test_checkpoints_from_elsewhere_need_a_pattern(load, tmp_path):
    with pytest.raises(HarnessError, match=r"each seed needs a checkpoint of its own\. Name them by a pattern"):
        load(
            "seeds=[0, 1]",
            "model.fit=null",
            f"model.checkpoint={tmp_path}/lists.csv",
            kind="predictions",
            params="{}",
        )
