"""Base class of the tests of significance for pairs of runs.

Each test has a file of its own, named after it, with a class that inherits ``PairedTest``, and a line in
``registry.BUILT_IN["tests"]``. Packages add tests by entry points in the group ``harness.tests``. Experiments choose
one in ``statistics.test``, by its name or as a map with options, such as ``{kind: permutation, flips: 20000}``.
"""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from harness.statistics.paired_sample import PairedSample


@dataclass(frozen=True)
class PairedResult:
    """Result of a test of ``candidate - baseline``.

    Parameters
    ----------
    p_value
        Two-sided; NaN where the test is undefined.
    ci_low, ci_high
        Interval of the mean difference, in the metric's unit; NaN for a test that is not about the mean.
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
        Seed of the random numbers of a test that draws some. The same seed gives the same result. None: the seed of
        the comparison, ``statistics.seed``.

    Attributes
    ----------
    of_mean
        Whether the null hypothesis is a mean difference of zero. A test of another hypothesis gives a p-value only;
        intervals and verdicts then come from the test that ``auto`` chooses.
    of_family
        Whether the results of ``test_all`` hold for all samples together, so that they are not corrected.
    """

    seed: int | None = None

    of_mean: ClassVar[bool] = True
    of_family: ClassVar[bool] = False

    @abc.abstractmethod
    def test(self, sample: PairedSample, *, confidence: float) -> PairedResult:
        """Test two runs.

        Parameters
        ----------
        sample
            The values of the same users under both runs.
        confidence
            Level of the interval, in (0, 1).

        Raises
        ------
        HarnessError
            The test cannot be used for these values; the message says why.
        """

    def test_all(self, samples: Sequence[PairedSample], *, confidence: float) -> list[PairedResult]:
        """Test each sample of the same users by itself. A subclass may share work between samples here."""
        return [self.test(sample, confidence=confidence) for sample in samples]
