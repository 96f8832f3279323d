"""The three kinds of recommenders are distinguished by their methods."""

import pytest

from harness.artifacts import ListRecommender, Recommender, VectorRecommender


class Scores:
    def score(self, batch):
        return None


class Products:
    def user_vectors(self, batch):
        return None

    def item_vectors(self):
        return None


class Lists:
    users_at_once = 8

    def recommend(self, batch, asked):
        return None


@pytest.mark.parametrize(
    ("cls", "kind"), [(Scores, Recommender), (Products, VectorRecommender), (Lists, ListRecommender)]
)
def test_a_recommender_is_of_the_kind_whose_methods_it_has(cls, kind):
    assert [isinstance(cls(), one) for one in (Recommender, VectorRecommender, ListRecommender)] == [
        one is kind for one in (Recommender, VectorRecommender, ListRecommender)
    ]
