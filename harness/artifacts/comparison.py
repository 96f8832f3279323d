"""The result of comparing runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Literal

import pandas as pd

from harness.artifacts.metric_table import MetricValue
from harness.artifacts.notebook import NotebookValue, comparison_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_SHOWN = 6  # differences in a repr


@dataclass(frozen=True)
class PairedDifference:
    """The difference of two runs in one metric, over all users.

    Differences are candidate minus baseline, in the unit of the metric. A metric over all lists, such as coverage, has
    a difference but no test: its other numbers are NaN or None.

    Parameters
    ----------
    metric, candidate, baseline
        The label of the metric, and the names of the runs.
    slice, slice_value
        Name of the slice and of its group; None for all users. Differences in a group are exploratory: whether groups
        differ is decided by a ``GroupContrast``.
    candidate_value, baseline_value
        The values of both runs.
    difference, ci_low, ci_high
        The difference, and its interval for this difference alone.
    ci_simultaneous_low, ci_simultaneous_high
        Interval that holds for all differences of the family at once; the verdict comes from it. NaN outside the
        family.
    relative, ci_relative_low, ci_relative_high
        The difference divided by the baseline's value, and its interval (delta method).
    test
        Name of the test that gave the p-value.
    p_value, p_adjusted
        Two-sided; the second is corrected for the family and NaN outside it.
    effect_size
        Mean difference divided by its standard deviation.
    wins, ties, losses
        Number of users for whom the candidate is better, equal, worse.
    n_users, n_nonzero
        Number of users, and of those with a difference.
    n_items
        Number of distinct relevant items; None where it is not known.
    n_seeds, n_seeds_baseline, se_users_seeds
        Number of training seeds of both models, and the standard error over users and seeds; None and NaN for single
        runs. With seeds, values are means over seeds, and intervals and p-values are over users and seeds if ``unit``
        is ``users_seeds``.
    se_users, se_users_items
        Standard error of the mean difference: over users, and clustered by user and by item. The second is NaN where
        it is not known: for metrics that are not sums over relevant items, and with fewer than 30 of them.
    ci_users_items_low, ci_users_items_high, verdict_users_items
        Interval and verdict for other users and other items like these. In the family the interval is simultaneous;
        it is never inside the one over users. NaN and None where they are not known.
    mde
        The difference that would be found with a probability of 80%, at the level of the family.
    unit
        What verdict, statement and mde generalise to: ``users``, ``users_items`` or ``users_seeds``.
    verdict
        The code of the verdict.
    statement
        The verdict as a sentence, with its numbers.
    """

    metric: str
    candidate: str
    baseline: str
    candidate_value: float
    baseline_value: float
    difference: float
    ci_low: float = math.nan
    ci_high: float = math.nan
    ci_simultaneous_low: float = math.nan
    ci_simultaneous_high: float = math.nan
    relative: float = math.nan
    ci_relative_low: float = math.nan
    ci_relative_high: float = math.nan
    test: str | None = None
    p_value: float = math.nan
    p_adjusted: float = math.nan
    effect_size: float = math.nan
    wins: int | None = None
    ties: int | None = None
    losses: int | None = None
    n_users: int | None = None
    n_nonzero: int | None = None
    n_items: int | None = None
    se_users: float = math.nan
    se_users_items: float = math.nan
    n_seeds: int | None = None
    n_seeds_baseline: int | None = None
    se_users_seeds: float = math.nan
    ci_users_items_low: float = math.nan
    ci_users_items_high: float = math.nan
    verdict_users_items: str | None = None
    mde: float = math.nan
    unit: str = "users"
    verdict: str = "untested"
    statement: str = ""
    slice: str | None = None
    slice_value: str | None = None


@dataclass(frozen=True)
class GroupContrast:
    """How much the difference of two runs differs between two groups of users or items.

    All contrasts of a comparison are one family.

    Parameters
    ----------
    metric, candidate, baseline
        The label of the metric, and the names of the runs.
    slice, group, other
        Name of the slice and of two of its groups.
    difference
        The difference of the runs in the group minus that in the other group.
    ci_low, ci_high
        Interval that holds for all contrasts at once.
    p_adjusted
        Two-sided, corrected for all contrasts.
    n_users, n_users_other
        Number of users of both groups.
    verdict
        ``differs`` or ``undecided``.
    statement
        The verdict as a sentence.
    """

    metric: str
    candidate: str
    baseline: str
    slice: str
    group: str
    other: str
    difference: float
    ci_low: float
    ci_high: float
    p_adjusted: float
    n_users: int
    n_users_other: int
    verdict: str
    statement: str


_SLICE = ("slice", "slice_value")
_NAMES = [field.name for field in fields(PairedDifference) if field.name not in _SLICE]
PAIR_COLUMNS = (_NAMES[0], *_SLICE, *_NAMES[1:])


@dataclass(frozen=True)
class ComparisonProtocol:
    """How differences were tested.

    Parameters
    ----------
    pairs
        ``baseline``: each run with the baseline. ``all``: all pairs of runs.
    test
        ``auto``, or a test and its options, as in ``permutation(flips=20000)``.
    correction
        Correction for the size of the family.
    unit
        What the verdicts generalise to. ``users``: other users, and these items. ``users_items``: other users and
        other items. ``users_seeds``: other users and other training seeds.
    confidence
        Level of the intervals.
    margin
        Largest difference that does not matter: one number, or one per label; None if none was declared.
    seed
        Seed of tests that have none of their own.
    """

    pairs: str
    test: str
    correction: str
    unit: str
    confidence: float
    margin: float | Mapping[str, float] | None
    seed: int


@dataclass(frozen=True, eq=False)
class Comparison(NotebookValue):
    """Paired differences between runs.

    Parameters
    ----------
    differences
        One per metric and pair of runs, then those in groups of users and items.
    values
        One row per run (``run``) and one column per metric label: the headline values.
    baseline
        Name of the baseline run; None if all pairs are compared.
    primary
        The metric that decides the comparison. Its differences are the family.
    settings
        How differences were tested.
    best
        Names of the runs that no run beats in the primary metric, in a family of all pairs of their own.
    groups
        Letters by run: two runs that share a letter do not differ in that family.
    contrasts
        Where the runs have slices: whether differences in the primary metric differ between groups.
    notes
        Sentences that must be shown with the numbers.
    higher_is_better
        Direction of the primary metric.
    stamps
        Sentences that limit the whole comparison, such as that its protocol was changed after it was frozen.
    measured
        The values of each run with their intervals, by name of the run; means over seeds where there are several.
    """

    differences: tuple[PairedDifference, ...]
    values: pd.DataFrame
    baseline: str | None
    primary: str
    settings: ComparisonProtocol
    best: tuple[str, ...] = ()
    groups: Mapping[str, str] | None = None
    contrasts: tuple[GroupContrast, ...] = ()
    notes: tuple[str, ...] = ()
    stamps: tuple[str, ...] = ()
    higher_is_better: bool = True
    measured: Mapping[str, tuple[MetricValue, ...]] = field(default_factory=dict)

    def __repr__(self) -> str:
        rows = [row for row in self.overall if row.metric == self.primary]
        shown = [
            f"{row.candidate if self.baseline is not None else f'{row.candidate} - {row.baseline}'!r} "
            f"{row.difference:+.4f} {row.verdict}"
            for row in rows[:_MOST_SHOWN]
        ]
        more = [f"and {len(rows) - _MOST_SHOWN} more"] if len(rows) > _MOST_SHOWN else []
        beside = "all pairs" if self.baseline is None else f"against {self.baseline!r}"
        return f"Comparison({', '.join([f'{self.primary} {beside}', *shown, *more])})"

    def plot(
        self,
        kind: Literal["forest", "trade_off", "curves"] = "forest",
        *,
        metric: str | None = None,
        against: str | None = None,
    ) -> Figure:
        """Draw the comparison.

        Parameters
        ----------
        kind
            ``forest``: differences with their intervals. ``trade_off``: two metrics of each run, and the runs that no
            other run beats in both. ``curves``: a metric of each run over its cutoffs.
        metric
            Label of the metric, such as ``ndcg@10``; its name is enough for curves. Default: the primary metric.
        against
            Label of the other metric of a trade-off. Default: a metric of another family, at the same cutoff where
            there is one.

        Returns
        -------
        matplotlib.figure.Figure
            A figure that notebooks show as an image. ``savefig`` writes it to a file.

        Raises
        ------
        HarnessError
            The kind or a metric is unknown, or the metric cannot be drawn in this way.
        """
        return comparison_figure(self, kind, metric, against)

    @property
    def overall(self) -> tuple[PairedDifference, ...]:
        """The differences over all users."""
        return tuple(row for row in self.differences if row.slice is None)

    @property
    def in_groups(self) -> tuple[PairedDifference, ...]:
        """The differences of runs within each group of a slice."""
        return tuple(row for row in self.differences if row.slice is not None)

    @property
    def pairs(self) -> pd.DataFrame:
        """The differences as a data frame, one row each, with the columns ``PAIR_COLUMNS``.

        Counts are of type Int64, which can be missing.
        """
        frame = pd.DataFrame([asdict(difference) for difference in self.differences], columns=list(PAIR_COLUMNS))
        counts = ["wins", "ties", "losses", "n_users", "n_nonzero", "n_items", "n_seeds", "n_seeds_baseline"]
        return frame.astype(dict.fromkeys(counts, "Int64"))
