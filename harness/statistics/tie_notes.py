"""What ties of scores leave open of a difference between runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.artifacts import MetricTable, MetricValue

_MOST = 3  # notes; the rest is counted


def tie_notes(tables: Mapping[str, MetricTable], *, baseline: str, label: str) -> Iterator[str]:
    """Yield a warning for each run whose ties could move its value, or the baseline's, by more than they differ.

    Parameters
    ----------
    tables
        By name.
    baseline
        The run that all others are compared with.
    label
        Of the metric that decides.
    """
    base = tables[baseline][label]
    told = [
        (name, value)
        for name, value in ((name, table[label]) for name, table in tables.items() if name != baseline)
        if max(_width(value), _width(base)) > abs(value.value - base.value)
    ]
    for name, value in told[:_MOST]:
        wider, whose = (value, name) if _width(value) >= _width(base) else (base, baseline)
        assert wider.ties is not None  # noqa: S101  (its width is above 0)
        low, high = sorted((wider.ties.worst, wider.ties.best))
        yield (
            f"warning: {label} of {name} and {baseline} differ by {abs(value.value - base.value):.4f}, and equal "
            f"scores leave that of {whose} anywhere between {low:.4f} and {high:.4f}: the order of ties may be all "
            "there is."
        )
    more = len(told) - _MOST
    if more > 0:
        yield f"warning: the same holds for {more} more run{'s' if more > 1 else ''}."


def _width(value: MetricValue) -> float:
    return 0.0 if value.ties is None else value.ties.width
