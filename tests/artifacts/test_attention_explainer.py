"""Recommenders that can show their attention are known by the method."""

import numpy as np

from harness.artifacts import Attention, AttentionExplainer


class Explainer:
    def attention(self, batch, items, titles):
        return Attention(np.ones((1, 1, 1), dtype=np.float32), items, ("whole history",))


def test_a_recommender_with_the_method_explains():
    assert isinstance(Explainer(), AttentionExplainer)
    assert not isinstance(object(), AttentionExplainer)


def test_outputs_are_something_else_by_default():
    shown = Explainer().attention(None, np.array([4], dtype=np.int32), {})
    assert (shown.outputs_are, shown.outputs, shown.weights.shape) == ("else", ("whole history",), (1, 1, 1))
