"""Verdicts of a comparison under other metric definitions, tests, corrections and units."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pandas as pd


@dataclass(frozen=True)
class MetricChoice:
    """A definition of the metric that decides.

    Parameters
    ----------
    metric
        Its label, with cutoff and options.
    cutoff
        The cutoff; None for a metric without one.
    ties
        Rule for equal scores.
    without_predictions
        Rule for users without predictions.
    conventions
        Libraries that define it in this way, if it is not the definition of the comparison.
    """

    metric: str
    cutoff: int | None
    ties: str
    without_predictions: str = "zero"
    conventions: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the choices in words."""
        words = [self.metric, f"ties {self.ties}"]
        if self.without_predictions != "zero":
            words.append("users without predictions dropped")
        if self.conventions:
            words.append(f"as in {', '.join(self.conventions)}")
        return ", ".join(words)


@dataclass(frozen=True)
class JudgedVariant:
    """The verdict of one pair of runs under one set of choices.

    Parameters
    ----------
    candidate, baseline
        Names of the runs.
    choice
        The metric.
    test, correction, unit
        How the difference was tested.
    difference, ci_low, ci_high
        The difference, and the simultaneous interval.
    p_adjusted
        Corrected for the family.
    verdict
        ``higher``, ``lower`` or ``undecided``.
    holds
        Whether this is the verdict of the comparison.
    """

    candidate: str
    baseline: str
    choice: MetricChoice
    test: str
    correction: str
    unit: str
    difference: float
    ci_low: float
    ci_high: float
    p_adjusted: float
    verdict: str
    holds: bool

    def __str__(self) -> str:
        """Return the choices in words."""
        return f"{self.choice}; test {self.test}, correction {self.correction}, unit {self.unit}"


@dataclass(frozen=True)
class RobustClaim:
    """How often the verdict of a pair of runs holds.

    Parameters
    ----------
    candidate, baseline
        Names of the runs.
    verdict
        ``higher``, ``lower`` or ``undecided``, without a margin.
    n_holds, n_variants
        Number of variants in which it holds, and of all variants.
    opposite
        Number of variants with the opposite verdict.
    """

    candidate: str
    baseline: str
    verdict: str
    n_holds: int
    n_variants: int
    opposite: int


@dataclass(frozen=True)
class RankAgreement:
    """Rank correlation between the order of the runs by another metric and by the primary metric.

    Parameters
    ----------
    metric
        Label of the other metric.
    tau
        Kendall's τ-b of the values of the runs, 1 for the same order, -1 for the reverse one; NaN if all values are
        equal.
    """

    metric: str
    tau: float


@dataclass(frozen=True)
class Robustness:
    """Verdicts under all variants, and the agreement of metrics on the order of the runs.

    Parameters
    ----------
    claims
        One per pair of runs.
    variants
        All verdicts.
    agreements
        One per other metric; none with two runs.
    notes
        Sentences that must be shown with the numbers.
    """

    claims: tuple[RobustClaim, ...]
    variants: tuple[JudgedVariant, ...]
    agreements: tuple[RankAgreement, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def frame(self) -> pd.DataFrame:
        """The variants as a data frame, one row each, with the choices of the metric as columns."""
        rows = []
        for variant in self.variants:
            row = asdict(variant)
            choice = row.pop("choice")
            row |= {"conventions": " ".join(choice.pop("conventions")), **choice}
            rows.append(row)
        names = ["candidate", "baseline", "metric", "cutoff", "ties", "without_predictions", "conventions", "test"]
        others = ["correction", "unit", "difference", "ci_low", "ci_high", "p_adjusted", "verdict", "holds"]
        return pd.DataFrame(rows, columns=[*names, *others]).astype({"cutoff": "Int64"})

    @property
    def flips(self) -> tuple[JudgedVariant, ...]:
        """The variants in which a claim does not hold."""
        return tuple(variant for variant in self.variants if not variant.holds)
