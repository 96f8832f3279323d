"""Corrections of p-values: by hand, as a property, and against their definitions."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.statistics.correction import adjusted_p_values

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def holm(p_values):
    """Return the largest of (tests left) times p over the tests up to each, in ascending order of p, at most 1."""
    adjusted, largest = [0.0] * len(p_values), 0.0
    for done, index in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        largest = max(largest, (len(p_values) - done) * p_values[index])
        adjusted[index] = min(1.0, largest)
    return adjusted


def test_by_hand():
    assert adjusted_p_values(np.array([0.01, 0.04, 0.03]), "holm") == pytest.approx([0.03, 0.06, 0.06])
    assert adjusted_p_values(np.array([0.01, 0.04, 0.03]), "none").tolist() == [0.01, 0.04, 0.03]


def test_bonferroni_and_benjamini_hochberg_by_hand():
    # Bonferroni: times 3. Benjamini and Hochberg: 0.01 * 3 / 1, 0.03 * 3 / 2, 0.04 * 3 / 3, none above a later one.
    assert adjusted_p_values(np.array([0.01, 0.04, 0.03]), "bonferroni") == pytest.approx([0.03, 0.12, 0.09])
    assert adjusted_p_values(np.array([0.01, 0.04, 0.03]), "bh") == pytest.approx([0.03, 0.04, 0.04])


@given(P_VALUES)
def test_equals_the_definition(p_values):
    assert adjusted_p_values(np.array(p_values), "holm") == pytest.approx(holm(p_values), abs=1e-12)


@given(P_VALUES)
def test_no_p_value_falls_and_their_order_stays(p_values):
    before, after = np.array(p_values), adjusted_p_values(np.array(p_values), "holm")
    assert (after >= before - 1e-12).all()
    assert (np.diff(after[np.argsort(before, kind="stable")]) >= 0).all()


def test_garbage_collection_is_as_before():
    frozen = gc.get_freeze_count()
    adjusted_p_values(np.array([0.2, 0.1]), "holm")
    assert gc.get_freeze_count() == frozen
