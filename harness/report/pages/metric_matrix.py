"""Arrange the metrics of a run: names as rows, cutoffs as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.artifacts import MetricValue


@dataclass(frozen=True)
class MetricMatrix:
    """Metrics as rows, cutoffs as columns.

    Parameters
    ----------
    cutoffs
        Ascending; None, for metrics without a cutoff, comes last.
    rows
        Stem (``ndcg[gain=exp2]``) and one value per cutoff, None where it was not computed.
    """

    cutoffs: tuple[int | None, ...]
    rows: tuple[tuple[str, tuple[MetricValue | None, ...]], ...]


def stem(value: MetricValue) -> str:
    """Return the label of a metric without its cutoff, such as ``ndcg[gain=exp2]``."""
    return value.label if value.k is None else value.label.removesuffix(f"@{value.k}")


def metric_matrix(values: Sequence[MetricValue]) -> MetricMatrix:
    """Return metrics by name, in their order, and by cutoff."""
    cells = {(stem(value), value.k): value for value in values}
    known = {k for _, k in cells}
    cutoffs = (*sorted(k for k in known if k is not None), *((None,) if None in known else ()))
    stems = dict.fromkeys(name for name, _ in cells)
    return MetricMatrix(cutoffs, tuple((name, tuple(cells.get((name, k)) for k in cutoffs)) for name in stems))


def at_cutoff_of(leading: MetricValue, values: Sequence[MetricValue]) -> list[MetricValue]:
    """Return the leading metric, then the others of its cutoff or without one."""
    beside = [value for value in values if value.label != leading.label and value.k in (leading.k, None)]
    return [leading, *beside]
