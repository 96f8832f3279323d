"""trec_eval's own code as an oracle, where definitions agree: binary relevance, no ties."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import pytrec_eval

import harness

CUTOFFS = [1, 5, 10, 20]
LISTED = 30
THEIRS = {
    "ndcg": "ndcg_cut",
    "recall": "recall",
    "precision": "P",
    "hit_rate": "success",
    "map[denominator=relevant]": "map_cut",
}
WITHOUT_CUTOFF = {"r_precision": "Rprec", f"mrr@{LISTED}": "recip_rank"}


def long_table(lists):
    rows = [(user, f"i{item}", place) for user, items in lists.items() for place, item in enumerate(items, start=1)]
    return pd.DataFrame(rows, columns=["user", "item", "rank"])


@pytest.mark.parametrize("seed", range(4))
def test_equals_trec_eval(seed):
    rng = np.random.default_rng(seed)
    users, n_items = 120, 200
    lists = {f"u{user}": rng.permutation(n_items)[: rng.integers(1, LISTED)] for user in range(users)}
    truth = {f"u{user}": rng.permutation(n_items)[: rng.integers(1, 40)] for user in range(users)}
    predictions = pd.DataFrame(
        [
            (user, f"i{item}", float(len(items) - place))
            for user, items in lists.items()
            for place, item in enumerate(items)
        ],
        columns=["user", "item", "score"],
    )
    held = pd.DataFrame(
        [(user, f"i{item}") for user, items in truth.items() for item in items], columns=["user", "item"]
    )
    measures = {f"{theirs}.{','.join(map(str, CUTOFFS))}" for theirs in THEIRS.values()}
    measures |= set(WITHOUT_CUTOFF.values())
    evaluator = pytrec_eval.RelevanceEvaluator(
        {user: dict.fromkeys(rows["item"], 1) for user, rows in held.groupby("user")}, measures
    )
    expected = evaluator.evaluate(
        {user: dict(zip(rows["item"], rows["score"], strict=True)) for user, rows in predictions.groupby("user")}
    )
    metrics = [{"kind": "map", "denominator": "relevant"} if name.startswith("map") else name for name in THEIRS]
    metrics += ["r_precision", {"kind": "mrr", "k": LISTED}]
    table = harness.evaluate(predictions, held, metrics=metrics, cutoffs=CUTOFFS)
    labels = {f"{name}@{k}": f"{theirs}_{k}" for name, theirs in THEIRS.items() for k in CUTOFFS} | WITHOUT_CUTOFF
    for label, theirs in labels.items():
        values = [expected[user][theirs] for user in table.users]
        np.testing.assert_allclose(table.user_values[label], values, rtol=0, atol=1e-12)
