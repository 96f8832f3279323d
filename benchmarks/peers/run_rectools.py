"""RecTools over the benchmark's lists: ``calc_metrics`` of pandas tables.

Its ndcg divides by what k relevant items would gain, unless told to divide by what can be achieved.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from peer_timing import CUTOFFS, Form, Lists, main
from rectools import Columns
from rectools.metrics import NDCG, HitRate, Precision, Recall, calc_metrics


def tables(lists: Lists) -> tuple[pd.DataFrame, pd.DataFrame]:
    users, k = lists.items.shape
    ranks = np.tile(np.arange(1, k + 1), users)
    reco = {Columns.User: lists.users_of_items(), Columns.Item: lists.items.ravel(), Columns.Rank: ranks}
    interactions = {Columns.User: lists.users_of_relevant(), Columns.Item: lists.relevant}
    return pd.DataFrame(reco), pd.DataFrame(interactions)


def measure(given: tuple[pd.DataFrame, pd.DataFrame]) -> dict[str, float]:
    metrics = {}
    for k in CUTOFFS:
        metrics[f"recall@{k}"] = Recall(k=k)
        metrics[f"precision@{k}"] = Precision(k=k)
        metrics[f"ndcg@{k}"] = NDCG(k=k, divide_by_achievable=True)
        metrics[f"hit_rate@{k}"] = HitRate(k=k)
    reco, interactions = given
    return calc_metrics(metrics, reco=reco, interactions=interactions)


if __name__ == "__main__":
    main("RecTools", "rectools", {"calc_metrics of pandas tables": Form(tables, measure)})
