"""What the model trial may ask of a recommender has a default that says that it does not apply."""

from __future__ import annotations

import inspect

import pytest

from harness.artifacts import ExternalRecommender, ListRecommender, Recommender, UserBatch, Vocabulary
from harness.models.python_object.python_model import PythonModel
from harness.models.python_object.python_recommenders import recommender_of

MEMBERS = [name for name in vars(ExternalRecommender) if not name.startswith("_") and name != "of"]


class Plain:
    def score(self, batch: UserBatch):
        """Exist, for a check of names; no test calls it."""


def test_a_plain_recommender_has_the_defaults() -> None:
    assert isinstance(Plain(), Recommender)
    external = ExternalRecommender.of(Plain())
    assert [external.item_positions, external.missing_tensors, external.collisions] == [None] * 3
    assert [external.padding, external.pads_to_longest, external.asks_for_more] == [None, None, False]
    assert external.recommended_ids == ""
    assert [external.with_padding("left"), external.with_length(3), external.with_seed(1)] == [None] * 3
    assert [external.with_shift("items", 1), external.shift_remedy("items", 1)] == [None] * 2


@pytest.mark.parametrize("name", MEMBERS)
def test_each_member_is_documented(name: str) -> None:
    assert inspect.getdoc(getattr(ExternalRecommender, name))


class Numbered:
    def recommend(self, users, k):
        return [[user, user + 1][:k] for user in users]


def test_an_object_with_indices_can_be_shifted() -> None:
    model = PythonModel(factory="shop:Numbered", user="index", item="index", batch_size=2)
    vocabulary = Vocabulary.of([10, 20, 30])
    found = recommender_of(model, Numbered(), users=vocabulary, items=vocabulary, device="cpu", where="the object")
    assert isinstance(found, ListRecommender)
    external = ExternalRecommender.of(found)
    assert external is found
    assert external.asks_for_more
    assert external.item_positions is not None
    assert external.item_positions.tolist() == [0, 1, 2]
    assert external.with_shift("input items", 1) is None
    assert isinstance(external.with_shift("items", 1), ListRecommender)
    assert isinstance(external.with_shift("users", -1), ListRecommender)
    named = PythonModel(factory="shop:Numbered")
    found = recommender_of(named, Numbered(), users=vocabulary, items=vocabulary, device="cpu", where="the object")
    assert ExternalRecommender.of(found).with_shift("items", 1) is None
    assert ExternalRecommender.of(found).item_positions is None
