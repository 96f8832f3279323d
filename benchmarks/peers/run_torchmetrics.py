"""torchmetrics over the benchmark's lists: a ``MetricCollection`` of its retrieval metrics.

They take scores beside a mark of relevance, so finding the relevant items in the lists is conversion here
and part of the time elsewhere. Relevant items that a list lacks are added below it, else recall and ndcg
would divide by the ones found alone.
"""

from __future__ import annotations

import numpy as np
import torch
from peer_timing import CUTOFFS, Form, Lists, main
from torchmetrics import MetricCollection
from torchmetrics.retrieval import RetrievalHitRate, RetrievalNormalizedDCG, RetrievalPrecision, RetrievalRecall

METRICS = {
    "recall": RetrievalRecall,
    "precision": RetrievalPrecision,
    "ndcg": RetrievalNormalizedDCG,
    "hit_rate": RetrievalHitRate,
}


def marked(lists: Lists) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return predictions, marks and users. Places stand for scores: all positive, as precision wants them."""
    users, k = lists.items.shape
    owners, beside = lists.users_of_items(), lists.users_of_relevant()
    pairs = np.stack([owners, lists.items.ravel()], axis=1).astype(np.int64) @ [2**31, 1]
    wanted = np.stack([beside, lists.relevant], axis=1).astype(np.int64) @ [2**31, 1]
    missed = ~np.isin(wanted, pairs)
    most = int(np.diff(lists.indptr).max())
    below = most - (np.arange(len(wanted)) - lists.indptr[beside])
    predictions = np.concatenate([np.tile(np.arange(most + k, most, -1), users), below[missed]])
    marks = np.concatenate([np.isin(pairs, wanted), np.ones(missed.sum(), dtype=bool)])
    return (
        torch.from_numpy(predictions.astype(np.float32)),
        torch.from_numpy(marks),
        torch.from_numpy(np.concatenate([owners, beside[missed]])),
    )


def measure(given: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> dict[str, float]:
    metrics = MetricCollection({f"{name}@{k}": metric(top_k=k) for k in CUTOFFS for name, metric in METRICS.items()})
    predictions, marks, users = given
    metrics.update(predictions, marks, indexes=users)
    return metrics.compute()


if __name__ == "__main__":
    main("torchmetrics", "torchmetrics", {"MetricCollection of retrieval metrics": Form(marked, measure)})
