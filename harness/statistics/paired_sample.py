"""The values of the same users under two runs, as tests of significance take them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from harness.artifacts.array_types import Float64Array, UInt64Array


@dataclass(frozen=True, eq=False)
class PairedSample:
    """Paired values of one metric.

    Parameters
    ----------
    candidate, baseline
        float64 ``(users,)``: the values of the same users under both runs, finite.
    keys
        uint64 ``(users,)``: a hash of each external id, the source of random numbers that do not depend on the order
        of users.

    Examples
    --------
    >>> sample = PairedSample(np.array([1.0, 0.5]), np.array([0.0, 0.5]), np.array([7, 9], dtype=np.uint64))
    >>> sample.differences, sample.n_nonzero
    (array([1., 0.]), 1)
    """

    candidate: Float64Array
    baseline: Float64Array
    keys: UInt64Array

    @cached_property
    def differences(self) -> Float64Array:
        """Candidate minus baseline, float64 ``(users,)``."""
        return self.candidate - self.baseline

    @cached_property
    def n_nonzero(self) -> int:
        """Number of users with a difference."""
        return int(np.count_nonzero(self.differences))

    @cached_property
    def is_binary(self) -> bool:
        """Whether all values are 0 or 1."""
        return all(((values == 0.0) | (values == 1.0)).all() for values in (self.candidate, self.baseline))

    @cached_property
    def standard_error(self) -> float:
        """Standard error of the mean difference over users; NaN for a single user."""
        n = len(self.differences)
        return float(self.differences.std(ddof=1)) / n**0.5 if n > 1 else float("nan")
