"""Paired values: differences, counts and standard error."""

from __future__ import annotations

import math

import pytest
from paired_samples import sample_of


def test_worked_by_hand():
    # Differences 1, 0, 0.5: mean 0.5, standard deviation 0.5.
    sample = sample_of([1, 0.5, 1], [0, 0.5, 0.5])
    assert sample.differences.tolist() == [1, 0, 0.5]
    assert (sample.n_nonzero, sample.is_binary) == (2, False)
    assert sample.standard_error == pytest.approx(0.5 / math.sqrt(3))


def test_one_user_has_no_standard_error():
    assert math.isnan(sample_of([1], [0]).standard_error)


def test_zeros_and_ones_are_binary():
    assert sample_of([1, 0], [0, 0]).is_binary
    assert not sample_of([1, 0], [0, 0.5]).is_binary
    assert not sample_of([2, 0], [0, 0]).is_binary
