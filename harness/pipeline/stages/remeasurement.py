"""Measure the stored lists of a finished run again, without its data or its model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from harness import evaluation
from harness.artifacts import MetricTable, Rules, TopK, Truth, descending_places
from harness.metrics import Metric
from harness.pipeline.run_folder.stored_lists import StoredLists


def measured_again(lists: StoredLists, metrics: Sequence[Metric], rules: Rules) -> MetricTable:
    """Return metrics of stored lists, with the contributions of items.

    Parameters
    ----------
    lists
        Lists and relevant items of a run.
    metrics
        Accuracy metrics that need neither gains nor side information.
    rules
        Rules for ties and for users without predictions.
    """
    topk, truth = lists.topk, lists.truth
    if rules.ties == "trec_eval":
        topk = evaluation.in_trec_order(topk, descending_places(lists.item_ids))
    # Row by row, since the ids of users repeat with rolling history.
    table = evaluation.evaluate(
        TopK(topk.items),
        Truth(truth.indptr, truth.items, users=None if lists.rolling else truth.users),
        metrics=metrics,
        target_ranks=lists.ranks,
        ties="given" if rules.ties == "trec_eval" else rules.ties,
        without_predictions=rules.without_predictions,
        by_item=True,
    )
    if lists.rolling:
        table = evaluation.averaged(table, truth.rows(table.users.astype(np.int64)))
    assert table.contributions is not None  # noqa: S101  (by_item)
    return replace(table, contributions=table.contributions.renamed(lists.item_ids))
