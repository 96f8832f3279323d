"""Average the values of several lists per user."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from harness.artifacts import ItemContributions, MetricTable, Truth
from harness.artifacts.array_types import Float64Array, Int64Array
from harness.evaluation.judgements import relevant_once
from harness.intervals import mean_interval


def averaged(table: MetricTable, truth: Truth) -> MetricTable:
    """Return a table with one value per user, the mean over the user's lists.

    The unit of intervals and tests is the user, because the lists of a user are not independent. Metrics over all lists
    do not change.

    Parameters
    ----------
    table
        Table with one row per list.
    truth
        The relevant items of each list, in the order of the table, with the external id of its user.

    Examples
    --------
    >>> from harness.artifacts import TopK, Truth
    >>> from harness.evaluation import evaluate
    >>> truth = Truth.from_lists([[1], [5], [3]], users=np.array(["ann", "ann", "bob"], dtype=object))
    >>> rows = Truth(truth.indptr, truth.items)
    >>> table = evaluate(TopK(np.array([[1], [2], [3]])), rows, metrics=["recall"], cutoffs=[1])
    >>> averaged(table, truth).per_user.values.tolist()
    [['ann', 0.5], ['bob', 1.0]]
    """
    owners = truth.users
    if owners is None or len(owners) != len(table.users):
        raise ValueError("the truth has a row and a user for each list of the table")
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
    parts = table.contributions
    return replace(
        table,
        values=tuple(values),
        user_values=user_values,
        users=np.asarray(users),
        counts=counts,
        contributions=None if parts is None else _averaged_contributions(parts, truth, codes, 1.0 / lists),
    )


def _averaged_contributions(
    found: ItemContributions, truth: Truth, codes: Int64Array, list_shares: Float64Array
) -> ItemContributions:
    """Return contributions to the values of users; ``list_shares`` is one divided by the number of lists of a user."""
    relevant = relevant_once(truth).truth
    rows = np.repeat(np.arange(len(codes)), np.diff(relevant.indptr))
    pairs = pd.DataFrame({"list": rows, "item": relevant.items}).drop_duplicates()
    sizes = np.bincount(pairs["list"], minlength=len(codes))
    owners = codes[pairs["list"]]
    pairs = pairs.assign(user=owners, share=list_shares[owners] / sizes[pairs["list"]])
    # (pairs of a user and an item,): an item may be relevant in several lists of a user
    shares = pairs.groupby(["user", "item"])["share"].sum()
    per_item = shares.groupby("item")
    of_users = pd.DataFrame({"user": codes[found.users], "item": found.item_ids[found.items]})
    weights = list_shares[of_users["user"]]
    values = pd.DataFrame({label: parts * weights for label, parts in found.values.items()})
    hits = values.groupby([of_users["user"], of_users["item"]]).sum()
    users, items = (hits.index.get_level_values(name).to_numpy() for name in ("user", "item"))
    return ItemContributions(
        users=users.astype(np.int64),
        items=np.searchsorted(found.item_ids, items),
        shares=shares.loc[hits.index].to_numpy(),
        values={label: hits[label].to_numpy() for label in found.values},
        item_ids=found.item_ids,
        item_users=per_item.size().to_numpy().astype(np.int64),
        item_shares=per_item.sum().to_numpy(),
        item_square_shares=(shares**2).groupby("item").sum().to_numpy(),
    )
