"""Choose the test of a difference from the number of users with a difference: ``test: auto``."""

from __future__ import annotations

from harness.statistics.mcnemar import McNemar
from harness.statistics.paired_sample import PairedSample
from harness.statistics.paired_t import PairedT
from harness.statistics.paired_test import PairedTest
from harness.statistics.permutation import Permutation

FEWEST_NONZERO = 6  # below, no sign pattern of the differences is rare enough for a verdict at 95%
WARN_BELOW_NONZERO = 30  # below, all tests miss their level on skewed differences
T_FROM_NONZERO = 1_000  # from here on, the t-test keeps its level on ranking metrics


def automatic_test(sample: PairedSample, *, seed: int) -> PairedTest:
    """Return McNemar's test for values of 0 and 1, sign flips below 1,000 users with a difference, else the t-test.

    Examples
    --------
    >>> import numpy as np
    >>> keys = np.arange(3, dtype=np.uint64)
    >>> type(automatic_test(PairedSample(np.ones(3), np.zeros(3), keys), seed=0)).__name__
    'McNemar'
    >>> type(automatic_test(PairedSample(np.full(3, 0.5), np.zeros(3), keys), seed=0)).__name__
    'Permutation'
    """
    if sample.is_binary:
        return McNemar(seed=seed)
    if sample.n_nonzero < T_FROM_NONZERO:
        return Permutation(seed=seed)
    return PairedT(seed=seed)
