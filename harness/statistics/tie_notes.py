"""Warnings where ties of scores may explain the difference between two runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.artifacts import MetricTable, MetricValue

_MOST = 3  # warnings; more are only counted


def tie_notes(tables: Mapping[str, MetricTable], *, baseline: str, label: str) -> Iterator[str]:
    """Yield a warning for each run that differs from the baseline by less than ties can change one of the two values.

    Parameters
    ----------
    tables
        Run name to values.
    baseline
        Name of the run that the others are compared with.
    label
        Label of the metric that decides.
    """
    base = tables[baseline][label]
    uncertain = [
        (name, value)
        for name, value in ((name, table[label]) for name, table in tables.items() if name != baseline)
        if max(_width(value), _width(base)) > abs(value.value - base.value)
    ]
    for name, value in uncertain[:_MOST]:
        wider, whose = (value, name) if _width(value) >= _width(base) else (base, baseline)
        assert wider.ties is not None  # noqa: S101  (its width is above 0)
        low, high = sorted((wider.ties.worst, wider.ties.best))
        yield (
            f"warning: {label} of {name} and {baseline} differ by {abs(value.value - base.value):.4f}, and equal "
            f"scores alone can move that of {whose} from {low:.4f} to {high:.4f}: the order of ties may "
            "explain the whole difference."
        )
    more = len(uncertain) - _MOST
    if more > 0:
        yield f"warning: the same holds for {more} more run{'s' if more > 1 else ''}."


def _width(value: MetricValue) -> float:
    return 0.0 if value.ties is None else value.ties.width
