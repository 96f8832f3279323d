"""Average the values of several lists per user."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from harness.artifacts import MetricTable
from harness.artifacts.array_types import IdArray
from harness.intervals import mean_interval


def averaged(table: MetricTable, owners: IdArray) -> MetricTable:
    """Return a table with one value per user, the mean over the user's lists.

    The unit of intervals and tests is the user, because the lists of a user are not independent. Metrics over all lists
    do not change.

    Parameters
    ----------
    table
        Table with one row per list.
    owners
        External ids ``(lists,)``: the user of each list, in the order of the table.

    Examples
    --------
    >>> from harness.artifacts import TopK, Truth
    >>> from harness.evaluation import evaluate
    >>> table = evaluate(TopK(np.array([[1], [2], [3]])), Truth.from_lists([[1], [5], [3]]), metrics=["recall"])
    >>> averaged(table, np.array(["ann", "ann", "bob"], dtype=object)).per_user.values.tolist()
    [['ann', 0.5], ['bob', 1.0]]
    """
    codes, users = pd.factorize(owners, sort=True)
    lists = np.bincount(codes, minlength=len(users))
    user_values = {
        label: np.bincount(codes, weights=values, minlength=len(users)) / lists
        for label, values in table.user_values.items()
    }
    values = []
    for value in table.values:
        if value.label in user_values:
            found = mean_interval(
                user_values[value.label], confidence=table.confidence, in_unit_interval=value.in_unit_interval
            )
            spread: dict[str, Any] = {"std": found.std, "ci_low": found.low, "ci_high": found.high, "n_users": found.n}
            # How far ties can move a mean of means is not known.
            value = replace(value, value=found.mean, ties=None, **spread)
        values.append(value)
    counts = {**table.counts, "lists": len(owners)}
    return replace(table, values=tuple(values), user_values=user_values, users=np.asarray(users), counts=counts)
