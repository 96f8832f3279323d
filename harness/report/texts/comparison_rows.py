"""Arrange a comparison as rows for tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from harness.artifacts import Comparison, PairedDifference
from harness.report.texts.number_text import clean

_HEADLINE = 8  # metrics that fit into the first table


@dataclass(frozen=True)
class ValueRow:
    """The values of one run by label; None for a value that is not defined."""

    run: str
    values: Mapping[str, float | None]

    def of(self, labels: Sequence[str]) -> ValueRow:
        """Return the row with some of its values."""
        return ValueRow(self.run, {label: self.values[label] for label in labels})


def value_rows(comparison: Comparison) -> list[ValueRow]:
    """Return the headline values, one row per run, the best in the primary metric first."""
    frame = clean(_plain(comparison.values))
    rows = [ValueRow(str(row.pop("run")), row) for row in frame]
    sign = 1.0 if comparison.higher_is_better else -1.0

    def key(row: ValueRow) -> float:
        value = row.values.get(comparison.primary)
        return math.inf if value is None else -sign * value

    return sorted(rows, key=key)


def headline_labels(labels: Sequence[str], leading: str | None) -> list[str]:
    """Return the labels for the first table: the leading one, then those of its cutoff.

    Examples
    --------
    >>> headline_labels(["recall@5", "recall@10", "ndcg@5", "ndcg@10"] * 3, "ndcg@10")
    ['ndcg@10', 'recall@10']
    """
    distinct = list(dict.fromkeys(labels))
    if leading is None or leading not in distinct:
        return distinct[:_HEADLINE]
    if len(labels) > _HEADLINE:
        cutoff = leading.rpartition("@")[2] if "@" in leading else None
        distinct = [label for label in distinct if cutoff is None or label.rpartition("@")[2] == cutoff]
    return [leading, *(label for label in distinct if label != leading)][:_HEADLINE]


def best_marks(comparison: Comparison) -> set[tuple[str, str]]:
    """Return the pairs (run, label) to mark: the runs of the set of the best, in the primary metric.

    If all runs are in the set, no run is marked.
    """
    if len(comparison.best) == len(comparison.values):
        return set()
    return {(run, comparison.primary) for run in comparison.best}


def shown_interval(difference: PairedDifference) -> tuple[float, float]:
    """Return the interval that the verdict of a difference comes from, and the single interval outside the family."""
    if difference.unit == "users_items":
        return difference.ci_users_items_low, difference.ci_users_items_high
    if math.isnan(difference.ci_simultaneous_low):
        return difference.ci_low, difference.ci_high
    return difference.ci_simultaneous_low, difference.ci_simultaneous_high


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a data frame, with None for missing values."""
    values = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in values.to_dict(orient="records")]
