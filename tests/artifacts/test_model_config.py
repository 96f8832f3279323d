"""Model configurations state facts with defaults; three abstract classes say how a recommender is obtained."""

import dataclasses

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from harness import registry
from harness.artifacts import ExternalModel, FittedModel, ModelConfig, TrainedModel

CONFIG = {"extra": "forbid", "strict": True}


class Duck:
    """Has the methods of a fitted model, and derives from nothing."""

    def fit(self, history):
        return {}

    def recommender(self, tensors, *, users, items, device):
        return None


@dataclass(frozen=True, config=CONFIG)
class Weights(ExternalModel):
    path: str
    allow_pickle: bool = False

    ranks_targets = False

    def files(self, checkpoint):
        return []

    def load(self, checkpoint, *, users, items, device):
        return None


def test_the_defaults_are_those_of_a_fitted_model_that_scores_everything():
    plain = ModelConfig()
    assert (plain.fitted, plain.needs_checkpoint, plain.batch_invariant, plain.allow_pickle) == (
        True,
        True,
        False,
        False,
    )
    assert (plain.ranks_targets, plain.reads_history, plain.reads_item_vectors) == (True, False, False)
    assert (plain.dtype, plain.recipe, plain.audit({}), plain.sources()) == ("float32", None, (), [])


def test_a_subclass_states_facts_as_class_variables_fields_and_properties():
    model = Weights("w.npy", allow_pickle=True)
    assert (model.fitted, model.allow_pickle, model.ranks_targets) == (False, True, False)


def test_facts_are_no_options():
    assert [field.name for field in dataclasses.fields(Weights)] == ["path", "allow_pickle"]
    assert set(TypeAdapter(Weights).json_schema()["properties"]) == {"path", "allow_pickle"}
    with pytest.raises(ValidationError, match="dtype"):
        TypeAdapter(Weights).validate_python({"path": "w.npy", "dtype": "float16"})


@pytest.mark.parametrize("base", [FittedModel, TrainedModel, ExternalModel])
def test_the_methods_of_each_kind_of_model_are_required(base):
    with pytest.raises(TypeError, match="abstract"):
        base()


def test_a_class_with_the_methods_counts_without_deriving():
    assert isinstance(Duck(), FittedModel)
    assert not isinstance(Duck(), (TrainedModel, ExternalModel))
    assert not isinstance(object(), ModelConfig)


@pytest.mark.parametrize("name", sorted(registry.BUILT_IN["models"]))
def test_every_built_in_model_derives_from_the_base(name):
    model = registry.load("models", name)
    assert issubclass(model, ModelConfig)
    kinds = [base for base in (FittedModel, TrainedModel, ExternalModel) if issubclass(model, base)]
    assert len(kinds) == (0 if name == "predictions" else 1)
    assert model.fitted == (kinds in ([FittedModel], [TrainedModel]))
