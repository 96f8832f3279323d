import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import registry
from harness.errors import ExperimentError
from harness.experiment import load_experiment

MODULE = '''\
from typing import Literal

import pydantic.dataclasses

CONFIG = {"extra": "forbid", "strict": True}


@pydantic.dataclasses.dataclass(frozen=True, config=CONFIG)
class Doubled:
    """A metric of somebody else's."""

    k: int = 10
    factor: float = 2.0
    mode: Literal["a", "b"] = "a"

    def __post_init__(self):
        if self.factor < 0:
            raise ValueError(f"factor is {self.factor}; 0 or more is needed")

    @property
    def label(self):
        return f"doubled@{self.k}"


@pydantic.dataclasses.dataclass(frozen=True, config=CONFIG)
class Wide:
    """A model of somebody else's."""

    width: int = 3
    seed: int = 0


Alias = Wide
'''
ENTRY_POINTS = """\
[harness.metrics]
doubled = stranger_of_ours:Doubled

[harness.models]
wide = stranger_of_ours:Alias
"""


@pytest.fixture
def plugin(write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package that stands on the path as an installed one does."""
    write("site/stranger_of_ours.py", MODULE)
    write("site/stranger-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    write("site/stranger-1.0.dist-info/entry_points.txt", ENTRY_POINTS)
    registry.table.cache_clear()
    monkeypatch.syspath_prepend(tmp_path / "site")
    yield
    monkeypatch.undo()
    registry.table.cache_clear()
    sys.modules.pop("stranger_of_ours", None)


def test_components_of_a_plug_in_are_used_by_name(write: Any, plugin: None) -> None:
    text = write().read_text().replace("kind: ease", "kind: wide").replace("{l2: 100}", "{width: 5}")
    path = write(text=text, more="seed: 3\nevaluation: {metrics: [ndcg, {kind: doubled, factor: 3}]}\n")
    experiment = load_experiment(path)
    assert [metric.label for metric in experiment.metrics[4:]] == [f"doubled@{k}" for k in (1, 5, 10, 20)]
    assert experiment.metrics[4].factor == 3.0
    assert experiment.to_dict()["model"] == {
        "kind": "wide",
        "checkpoint": "checkpoints/ml-100k/ease.safetensors",
        "params": {"width": 5, "seed": 3},
        "fit": {"on": "train_validation"},
        "trial": None,
    }
    assert load_experiment(write("again.yaml", experiment.to_yaml())) == experiment
    assert registry.kind_of("models", experiment.model.params) == "wide"


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("doubld", "unknown metric 'doubld'. Did you mean 'doubled'?"),
        ("{kind: doubled, factor: -1}", "factor is -1.0; 0 or more is needed"),
        ("{kind: doubled, factor: true}", "factor is true; a number is needed"),
        ("{kind: doubled, mode: c}", "mode is 'c'; 'a' or 'b' is needed"),
        ("{kind: doubled, fator: 1}", "unknown option 'fator' of the metric 'doubled'. Did you mean 'factor'?"),
    ],
)
def test_options_of_a_plug_in_are_validated(write: Any, plugin: None, metric: str, words: str) -> None:
    path = write(more=f"evaluation:\n  metrics:\n  - ndcg\n  - {metric}\n")
    with pytest.raises(ExperimentError) as caught:
        load_experiment(path)
    assert str(caught.value).startswith("ease.yaml:13: ")
    assert words in str(caught.value)


def test_an_error_names_a_plug_in_that_cannot_be_imported(write: Any, plugin: None) -> None:
    write("site/stranger_of_ours.py", "raise RuntimeError('no licence')\n")
    path = write(more="evaluation:\n  metrics: [doubled]\n")
    with pytest.raises(
        ExperimentError, match=r"^ease\.yaml:11: cannot load the metric 'doubled' from stranger_of_ours:Dou.*no lic"
    ):
        load_experiment(path)
