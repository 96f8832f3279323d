"""McNemar's exact test: by hand, beside statsmodels, and where it is refused."""

from __future__ import annotations

import numpy as np
import pytest
from paired_samples import sample_of
from statsmodels.stats.contingency_tables import mcnemar

from harness.errors import HarnessError
from harness.statistics.mcnemar import McNemar


def test_a_case_worked_by_hand():
    # Of 10 users, 6 gain and none loses: p = 2 / 2^6. Clopper and Pearson: 0.025^(1/6) of the six at least.
    sample = sample_of([1] * 6 + [0, 0, 1, 1], [0] * 6 + [0, 0, 1, 1])
    result = McNemar().test(sample, confidence=0.95)
    assert result.p_value == pytest.approx(2 / 2**6)
    assert (result.ci_low, result.ci_high) == pytest.approx(((2 * 0.025 ** (1 / 6) - 1) * 0.6, 0.6))


@pytest.mark.parametrize("seed", range(5))
def test_p_values_are_those_of_statsmodels(seed):
    ours, theirs = (np.random.default_rng(seed).random((2, 80)) < [[0.4], [0.3]]).astype(float)
    gains, losses = int((ours > theirs).sum()), int((ours < theirs).sum())
    expected = mcnemar([[0, gains], [losses, 0]], exact=True).pvalue
    assert McNemar().test(sample_of(ours, theirs), confidence=0.95).p_value == pytest.approx(expected, abs=1e-12)


def test_values_between_0_and_1_are_refused():
    with pytest.raises(HarnessError, match="for metrics whose values are 0 or 1"):
        McNemar().test(sample_of([0.5, 1], [0, 1]), confidence=0.95)
