"""Arrange a comparison as rows for tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from harness.artifacts import Comparison
from harness.report.number_text import clean

_HEADLINE = 8  # metrics that fit into the first table


@dataclass(frozen=True)
class ValueRow:
    """The values of one run by label; None for a value that is not defined."""

    run: str
    values: Mapping[str, float | None]

    def of(self, labels: Sequence[str]) -> ValueRow:
        """Return the row with some of its values."""
        return ValueRow(self.run, {label: self.values[label] for label in labels})


@dataclass(frozen=True)
class PairRow:
    """The difference of one run to the baseline in one metric. The fields are columns of ``Comparison.pairs``."""

    metric: str
    candidate: str
    baseline: str
    verdict: str
    difference: float = math.nan
    candidate_value: float | None = None
    baseline_value: float | None = None
    relative: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    effect_size: float | None = None
    wins: int | None = None
    ties: int | None = None
    losses: int | None = None
    mde: float | None = None


def value_rows(comparison: Comparison) -> list[ValueRow]:
    """Return the headline values, one row per run."""
    frame = clean(_plain(comparison.values))
    return [ValueRow(str(row.pop("run")), row) for row in frame]


def pair_rows(comparison: Comparison) -> list[PairRow]:
    """Return the differences, one row per run and metric."""
    names = [field.name for field in fields(PairRow)]
    frame = comparison.pairs[[name for name in names if name in comparison.pairs]]
    return [PairRow(**row) for row in clean(_plain(frame))]


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


def best_runs(rows: Sequence[ValueRow], labels: Sequence[str], directions: Mapping[str, bool]) -> set[tuple[str, str]]:
    """Return the pairs (run, label) whose value is the best of its column.

    A column whose direction is not known, or whose values are all equal, has no best value.

    Parameters
    ----------
    rows
        One per run.
    labels
        The columns.
    directions
        Whether higher values are better, by label.

    Examples
    --------
    >>> best_runs([ValueRow("a", {"ndcg@5": 0.1}), ValueRow("b", {"ndcg@5": 0.2})], ["ndcg@5"], {"ndcg@5": True})
    {('b', 'ndcg@5')}
    """
    best = set()
    for label in labels:
        known = [(value, row.run) for row in rows if (value := row.values[label]) is not None]
        if label in directions and len({value for value, _ in known}) > 1:
            choose = max if directions[label] else min
            top = choose(value for value, _ in known)
            best |= {(run, label) for value, run in known if value == top}
    return best


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a data frame, with None for missing values."""
    values = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in values.to_dict(orient="records")]
