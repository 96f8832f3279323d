"""Measured values: one per metric, and one per user."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BeforeValidator

from harness.artifacts.array_types import Float64Array, IdArray
from harness.artifacts.item_contributions import ItemContributions
from harness.artifacts.notebook import NotebookValue, table_figure
from harness.artifacts.user_slice import UserSlice

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_SHOWN = 4  # values in a repr


@dataclass(frozen=True)
class TieRange:
    """The range over which the order of candidates with equal scores can move a value.

    Parameters
    ----------
    worst, best
        The value with every tie ordered against the relevant items, and in their favour.
    expected
        The mean over all orders.
    """

    worst: float
    expected: float
    best: float

    @property
    def width(self) -> float:
        """Distance between the ends, 0 or more."""
        return abs(self.best - self.worst)


def _nan_of_null(value: Any) -> Any:
    return math.nan if value is None else value  # JSON has no NaN


@dataclass(frozen=True)
class MetricValue:
    """One number of a result, with everything needed to interpret it.

    Parameters
    ----------
    label
        Unique within a table, such as ``ndcg@10``.
    name, k
        The metric and its cutoff (None where it has none).
    variant
        The definition in words and options, such as ``{"ideal": "min_k", "gain": "binary"}``.
    family
        ``accuracy``, ``coverage``, ``diversity``, ...
    higher_is_better
        The direction.
    value
        The mean over users, or the value over all lists.
    std, ci_low, ci_high, n_users
        Standard deviation over users, confidence interval of the mean, and number of users; None where the
        metric is not a mean over users.
    ties
        How far score ties can move the value; None where that is unknown, or the metric is not an accuracy metric.
    lower, upper
        The smallest and the largest possible value; None where it is unknown or unlimited.
    """

    label: str
    name: str
    k: int | None
    variant: Mapping[str, Any]
    family: str
    higher_is_better: bool
    value: Annotated[float, BeforeValidator(_nan_of_null)]
    std: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    n_users: int | None = None
    ties: TieRange | None = None
    lower: float | None = None
    upper: float | None = None

    @property
    def in_unit_interval(self) -> bool:
        """Whether no value can be below 0 or above 1."""
        return self.lower == 0.0 and self.upper == 1.0

    def __str__(self) -> str:
        """Return the label, the value and its interval."""
        interval = "" if self.ci_low is None or self.ci_high is None else f" [{self.ci_low:.4f}, {self.ci_high:.4f}]"
        return f"{self.label} {self.value:.4f}{interval}"

    @property
    def spread(self) -> float | None:
        """The largest possible difference of two values; None where it is unknown or unlimited."""
        return None if self.lower is None or self.upper is None else self.upper - self.lower


@dataclass(frozen=True, eq=False)
class MetricTable(NotebookValue):
    """The values of one run.

    Parameters
    ----------
    values
        One per metric, in the order of the metrics.
    user_values
        Label to float64 ``(users,)``, for metrics that are means over users.
    users
        External ids ``(users,)`` of the users that count.
    confidence
        Confidence level of the intervals.
    counts
        Counts of what was left out or repeated: users without truth, users without predictions, repeated
        items, and so on.
    notes
        Sentences that limit what the values mean: fewer than 30 users, or a cutoff that reaches all items.
    contributions
        What each relevant item contributes to the values; None where this was not computed.
    slices
        Values of groups of users and items, where groups were asked for.
    """

    values: tuple[MetricValue, ...]
    user_values: Mapping[str, Float64Array]
    users: IdArray
    confidence: float
    counts: Mapping[str, int]
    notes: tuple[str, ...] = ()
    contributions: ItemContributions | None = None
    slices: tuple[UserSlice, ...] = ()

    def __repr__(self) -> str:
        shown = [str(value) for value in self.values[:_MOST_SHOWN]]
        more = [f"and {len(self.values) - _MOST_SHOWN} more"] if len(self.values) > _MOST_SHOWN else []
        return f"MetricTable({', '.join([*shown, *more, f'{len(self.users):,} users'])})"

    def __getitem__(self, label: str) -> MetricValue:
        """Return the value with this label."""
        for value in self.values:
            if value.label == label:
                return value
        raise KeyError(f"no metric '{label}'; there are {', '.join(value.label for value in self.values)}")

    def summary(self) -> pd.DataFrame:
        """Return one row per metric: ``label, value, std, ci_low, ci_high, n_users``."""
        columns = ["label", "value", "std", "ci_low", "ci_high", "n_users"]
        rows = [[getattr(value, column) for column in columns] for value in self.values]
        frame = pd.DataFrame(rows, columns=columns)
        for column in ("value", "std", "ci_low", "ci_high"):
            frame[column] = frame[column].astype(np.float64)
        frame["n_users"] = frame["n_users"].astype("Int64")
        return frame

    def plot(self, kind: Literal["curves", "distribution"] = "curves", *, metric: str | None = None) -> Figure:
        """Draw the values.

        Parameters
        ----------
        kind
            ``curves``: a metric over its cutoffs, with its intervals. ``distribution``: the values of the users.
        metric
            Label of the metric, such as ``ndcg@10``; its name is enough for curves. Default: the first metric that can
            be drawn.

        Returns
        -------
        matplotlib.figure.Figure
            A figure that notebooks show as an image. ``savefig`` writes it to a file.

        Raises
        ------
        HarnessError
            The kind or the metric is unknown, or the metric cannot be drawn in this way.
        """
        return table_figure(self, kind, metric)

    @property
    def per_user(self) -> pd.DataFrame:
        """One row per user: ``user`` (external id), then one column per label."""
        return pd.DataFrame({"user": self.users, **self.user_values})
