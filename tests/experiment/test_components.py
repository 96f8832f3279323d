import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import registry
from harness.artifacts import ExternalModel, FittedModel, TrainedModel
from harness.errors import ExperimentError, HarnessError
from harness.experiment import load_experiment

MODULE = '''\
from typing import Literal

import pydantic.dataclasses

from harness.metrics import UserMetric

CONFIG = {"extra": "forbid", "strict": True}


@pydantic.dataclasses.dataclass(frozen=True, config=CONFIG)
class Doubled(UserMetric):
    """A metric of somebody else's."""

    name = "doubled"
    family = "accuracy"
    formula = ""
    reference = ""

    k: int = 10
    factor: float = 2.0
    mode: Literal["a", "b"] = "a"

    def __post_init__(self):
        if self.factor < 0:
            raise ValueError(f"factor is {self.factor}; 0 or more is needed")

    @property
    def label(self):
        return f"doubled@{self.k}"

    def score(self, hits, out):
        out[:] = 0


@pydantic.dataclasses.dataclass(frozen=True, config=CONFIG)
class Wide:
    """A model of somebody else's, which derives from nothing."""

    width: int = 3
    seed: int = 0

    def fit(self, history):
        return {}

    def recommender(self, tensors, *, users, items, device):
        """Exist, for a check of the configuration; no test calls it."""


@pydantic.dataclasses.dataclass(frozen=True, config=CONFIG)
class Loaded:
    """An external model of somebody else's, which derives from nothing."""

    fitted = False
    batch_invariant = True
    folder: str = "weights"

    def files(self, checkpoint):
        return []

    def load(self, checkpoint, *, users, items, device):
        """Exist, for a check of the configuration; no test calls it."""


@pydantic.dataclasses.dataclass(frozen=True, config=CONFIG)
class Halves:
    """A split of somebody else's, which derives from nothing."""

    share: float = 0.5

    def split(self, interactions):
        """Exist, for a check of the configuration; no test calls it."""


@pydantic.dataclasses.dataclass(frozen=True, config=CONFIG)
class Loose:
    """A metric that derives from nothing."""

    k: int = 10


Alias = Wide
'''
ENTRY_POINTS = """\
[harness.metrics]
doubled = stranger_of_ours:Doubled
loose = stranger_of_ours:Loose

[harness.models]
wide = stranger_of_ours:Alias
loaded = stranger_of_ours:Loaded

[harness.splits]
halves = stranger_of_ours:Halves
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


def test_a_model_without_the_base_class_gets_its_defaults(write: Any, plugin: None) -> None:
    text = write().read_text().replace("kind: ease", "kind: wide").replace("{l2: 100}", "{width: 5}")
    model = load_experiment(write(text=text)).model.params
    assert isinstance(model, FittedModel)
    assert not isinstance(model, (TrainedModel, ExternalModel))
    assert (model.fitted, model.batch_invariant, model.ranks_targets, model.reads_history) == (True, False, True, False)
    assert (model.recipe, model.audit({}), model.sources()) == (None, (), [])
    loaded = registry.load("models", "loaded")()
    assert isinstance(loaded, ExternalModel)
    assert (loaded.fitted, loaded.batch_invariant, loaded.needs_checkpoint) == (False, True, True)


def test_a_split_without_the_base_class_has_no_rule_of_ties(plugin: None) -> None:
    assert registry.load("splits", "halves")().ties is None


def test_a_metric_without_a_base_class_is_refused(plugin: None) -> None:
    with pytest.raises(HarnessError, match=r"^the metric 'loose' from stranger_of_ours:Loose does not derive from har"):
        registry.load("metrics", "loose")


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
