"""RePlay over the benchmark's lists: ``OfflineMetrics`` of polars tables, and of dictionaries.

Which of the two is faster depends on the number of users and on the machine, so both are timed. pandas
tables, which it turns into dictionaries at every call, took three times as long and are left out.
"""

from __future__ import annotations

import polars as pl
from peer_timing import CUTOFFS, Form, Lists, main
from replay.metrics import NDCG, HitRate, OfflineMetrics, Precision, Recall

NAMES = {"Recall": "recall", "Precision": "precision", "NDCG": "ndcg", "HitRate": "hit_rate"}


def tables(lists: Lists) -> tuple[pl.DataFrame, pl.DataFrame]:
    recommended = {
        "query_id": lists.users_of_items(),
        "item_id": lists.items.ravel(),
        "rating": lists.scores.ravel().astype(float),
    }
    relevant = {"query_id": lists.users_of_relevant(), "item_id": lists.relevant}
    return pl.DataFrame(recommended), pl.DataFrame(relevant)


def dictionaries(lists: Lists) -> tuple[dict, dict]:
    scores = lists.scores.astype(float).tolist()
    recommended = {user: list(zip(items, scores[user], strict=True)) for user, items in enumerate(lists.items.tolist())}
    return recommended, dict(enumerate(lists.relevant_of_users()))


def measure(given: tuple) -> dict[str, float]:
    cutoffs = list(CUTOFFS)
    metrics = [Recall(cutoffs), Precision(cutoffs), NDCG(cutoffs), HitRate(cutoffs)]
    values = OfflineMetrics(metrics)(*given)
    return {f"{ours}@{k}": values[f"{theirs}@{k}"] for k in CUTOFFS for theirs, ours in NAMES.items()}


if __name__ == "__main__":
    forms = {
        "OfflineMetrics of polars tables": Form(tables, measure),
        "OfflineMetrics of dictionaries": Form(dictionaries, measure),
    }
    main("RePlay", "replay-rec", forms)
