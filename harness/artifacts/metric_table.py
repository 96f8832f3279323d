"""Measured values: one a metric, and one a user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from harness.artifacts.array_types import Float64Array, IdArray


@dataclass(frozen=True)
class TieRange:
    """How far the order of candidates with equal scores can move a value.

    Parameters
    ----------
    worst, best
        With every tie settled against the relevant items, and for them.
    expected
        The mean over all orders.
    """

    worst: float
    expected: float
    best: float

    @property
    def width(self) -> float:
        """How far apart the ends are, 0 or more."""
        return abs(self.best - self.worst)


@dataclass(frozen=True)
class MetricValue:
    """One number of a result, with all that is needed to read it.

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
        Spread over users, the interval of the mean, and how many users entered; None where the
        metric is not a mean over users.
    ties
        How far ties of scores can move the value; None where it is not known, or no metric of accuracy.
    """

    label: str
    name: str
    k: int | None
    variant: Mapping[str, Any]
    family: str
    higher_is_better: bool
    value: float
    std: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    n_users: int | None = None
    ties: TieRange | None = None


@dataclass(frozen=True, eq=False)
class MetricTable:
    """The values of one run.

    Parameters
    ----------
    values
        One a metric, in the order asked for.
    user_values
        Label to float64 ``(users,)``, for metrics that are means over users.
    users
        Own ids ``(users,)`` of the users that count.
    confidence
        Level of the intervals.
    counts
        What happened on the way: users without truth, users without predictions, repeated items,
        ..., each a number.
    notes
        What makes the values say little, in sentences: fewer than 30 users, a cutoff that reaches all items.
    """

    values: tuple[MetricValue, ...]
    user_values: Mapping[str, Float64Array]
    users: IdArray
    confidence: float
    counts: Mapping[str, int]
    notes: tuple[str, ...] = ()

    def __getitem__(self, label: str) -> MetricValue:
        """Return the value with this label."""
        for value in self.values:
            if value.label == label:
                return value
        raise KeyError(f"no metric '{label}'; there are {', '.join(value.label for value in self.values)}")

    def summary(self) -> pd.DataFrame:
        """Return a row a metric: ``label, value, std, ci_low, ci_high, n_users``."""
        columns = ["label", "value", "std", "ci_low", "ci_high", "n_users"]
        rows = [[getattr(value, column) for column in columns] for value in self.values]
        frame = pd.DataFrame(rows, columns=columns)
        for column in ("value", "std", "ci_low", "ci_high"):
            frame[column] = frame[column].astype(np.float64)
        frame["n_users"] = frame["n_users"].astype("Int64")
        return frame

    @property
    def per_user(self) -> pd.DataFrame:
        """A row a user: ``user`` (own id), then one column a label."""
        return pd.DataFrame({"user": self.users, **self.user_values})
