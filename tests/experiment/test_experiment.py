import dataclasses
import pickle
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.experiment import (
    DatasetSettings,
    Experiment,
    FitSettings,
    ModelSettings,
    RunnerSettings,
    TrackingSettings,
    load_experiment,
)
from harness.registry import load


def test_an_experiment_is_a_value(write: Any) -> None:
    experiment = load_experiment(write())
    assert pickle.loads(pickle.dumps(experiment)) == experiment  # noqa: S301  (our own)
    tracking = dataclasses.replace(experiment.tracking, enabled=False)
    changed = dataclasses.replace(experiment, tracking=tracking)
    assert changed != experiment
    assert changed.to_dict() == experiment.to_dict() | {
        "tracking": {"experiment": "ml-100k", "enabled": False, "per_user": True}
    }
    with pytest.raises(dataclasses.FrozenInstanceError):
        experiment.seed = 3  # type: ignore[misc]
    with pytest.raises(ValueError, match=r"coverage@5 looks at 5 ranks of a list, and runner\.k is 3"):
        dataclasses.replace(experiment, runner=RunnerSettings(k=3))


def test_an_experiment_can_be_built_in_python(write: Any) -> None:
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


def test_the_resolved_experiment_loads_as_an_equal_experiment(write: Any, shop: str) -> None:
    more = """\
    runner: {batch_size: 7, device: 'cuda:1', limit_users: 5}
    evaluation: {metrics: [ndcg, {kind: recall, k: 3}], cutoffs: [10, 2], primary: recall@3}
    statistics: {margin: 1e-3, confidence: 0.9}
    expected: {"ndcg@10": {value: 0.089, tolerance: 0.004}, ndcg@2: {value: 0, tolerance: 0}}
    seed: 4
    """
    for path in (write(more=more), write("shop.yaml", shop), write("odd.yaml", shop.replace("shop/knn", "'1e-3'"))):
        experiment = load_experiment(path)
        again = load_experiment(write("resolved.yaml", experiment.to_yaml()))
        assert again == experiment
        assert again.to_dict() == experiment.to_dict()
        assert again.to_yaml() == experiment.to_yaml()


def test_fitting_on_the_evaluated_part_is_an_error(write: Any, message: Any) -> None:
    found = message(write(), "evaluation.part=validation")
    assert found.startswith("ease.yaml:9: model.fit.on is 'train_validation' and evaluation.part is 'validation'")
    experiment = load_experiment("ease.yaml", ["evaluation.part=validation", "model.fit.on=train"])
    assert experiment.evaluation.part == "validation"


def test_a_name_through_a_link_is_an_error(write: Any, message: Any, tmp_path: Any) -> None:
    path = write()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "ml-100k").symlink_to(tmp_path / "elsewhere")
    assert "reports/ml-100k is a link, and nothing is written through links" in message(path)


def test_a_name_that_is_too_long_for_the_file_system_is_an_error(write: Any) -> None:
    path = write()
    for name in ("x" * 300, "/".join(["x" * 200] * 40)):
        try:
            load_experiment(path, [f"name={name}"])
        except HarnessError as error:
            assert str(error).startswith("--set name=")  # noqa: PT017
