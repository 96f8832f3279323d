"""Groups of users are values: they keep what they are given."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from harness.artifacts import GroupValues, UserSlice


def test_a_slice_is_frozen():
    cut = UserSlice("age", "users", {"old": GroupValues(np.array([1, 2]), {"ndcg@10": np.array([0.5, 1.0])})})
    assert list(cut.groups) == ["old"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        cut.name = "other"
