"""Which test ``auto`` chooses."""

from __future__ import annotations

import numpy as np
import pytest
from paired_samples import sample_of

from harness.statistics.automatic_test import automatic_test


@pytest.mark.parametrize(
    ("nonzero", "name"), [(6, "Permutation"), (999, "Permutation"), (1_000, "PairedT"), (5_000, "PairedT")]
)
def test_the_number_of_users_with_a_difference_decides(nonzero, name):
    ours = np.zeros(6_000)
    ours[:nonzero] = 0.5
    assert type(automatic_test(sample_of(ours, np.zeros(6_000)), seed=0)).__name__ == name


def test_values_of_0_and_1_are_tested_by_mcnemar():
    test = automatic_test(sample_of([1, 0, 1], [0, 0, 1]), seed=4)
    assert (type(test).__name__, test.seed) == ("McNemar", 4)
