"""Paired values of two runs, built by tests."""

from __future__ import annotations

import numpy as np

from harness.artifacts import MetricTable, MetricValue
from harness.statistics import PairedSample


def sample_of(candidate, baseline):
    """Return a sample of users 0, 1, 2 and so on."""
    ours, theirs = np.asarray(candidate, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    return PairedSample(ours, theirs, np.arange(len(ours), dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))


def table_of(columns, *, users=None, higher_is_better=True, coverage=None, upper=1.0):
    """Return a table of per-user values by label, and of a value over all lists if ``coverage`` is given."""
    columns = {label: np.asarray(values, dtype=np.float64) for label, values in columns.items()}
    n = len(next(iter(columns.values())))
    values = [
        MetricValue(
            label,
            label.partition("@")[0],
            10,
            {},
            "accuracy",
            higher_is_better,
            float(column.mean()),
            n_users=n,
            lower=0.0,
            upper=upper,
        )
        for label, column in columns.items()
    ]
    if coverage is not None:
        values.append(MetricValue("coverage@10", "coverage", 10, {}, "coverage", True, coverage))
    ids = np.arange(n) if users is None else np.asarray(users)
    return MetricTable(tuple(values), columns, ids, 0.95, {})
