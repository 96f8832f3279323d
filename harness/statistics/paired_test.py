"""Base class of the tests of significance.

Each test has a file of its own, named after it, with a class that inherits ``PairedTest``, and a line in
``registry.BUILT_IN["tests"]``. Packages add tests by entry points in the group ``harness.tests``. Experiments choose
one by its name, in ``statistics.test``.
"""

from __future__ import annotations

import abc

from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array


@dataclass(frozen=True)
class PairedResult:
    """Result of a test of the mean of ``candidate - baseline``.

    Parameters
    ----------
    p_value
        Two-sided; NaN where the test is undefined.
    ci_low, ci_high
        Interval of the mean difference, in the metric's unit.
    """

    p_value: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class PairedTest(abc.ABC):
    """Test of significance for the per-user values of two runs.

    A subclass is a frozen pydantic dataclass. Its fields are its options, each with a default.

    Parameters
    ----------
    seed
        Seed of the random numbers of a test that draws some, from ``statistics.seed``. The same seed gives the same
        result.
    """

    seed: int = 0

    @abc.abstractmethod
    def test(self, candidate: Float64Array, baseline: Float64Array, *, confidence: float) -> PairedResult:
        """Test whether the mean difference is zero.

        Parameters
        ----------
        candidate, baseline
            float64 ``(users,)``: the values of the same users under both runs.
        confidence
            Level of the interval, in (0, 1).
        """
