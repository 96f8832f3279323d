"""Evaluate recommendations: ``harness.evaluate``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from narwhals.typing import IntoDataFrame

from harness.artifacts import (
    MetricTable,
    SideInformation,
    TargetRanks,
    Ties,
    TopK,
    Truth,
    WithoutPredictions,
    cutoff_beyond_candidates,
    few_users,
)
from harness.errors import HarnessError
from harness.evaluation.alignment import align_arrays, without_empty_lists
from harness.evaluation.arguments import (
    DEFAULT_CUTOFFS,
    DEFAULT_METRICS,
    catalogue_size,
    check_depth,
    check_level,
    check_needs,
    check_side,
    depth_of,
    given_names,
    metrics_of,
    reached,
    settled_rules,
    threads,
)
from harness.evaluation.frame_libraries import pandas_frame
from harness.evaluation.frames import align_frames
from harness.evaluation.shard_evaluation import lists_of, score_aligned
from harness.evaluation.shard_merge import ShardMerge
from harness.execution import Parallel
from harness.metrics import ListMetric, Metric


def evaluate(
    topk: TopK | IntoDataFrame,
    truth: Truth | IntoDataFrame,
    *,
    metrics: Sequence[str | Mapping[str, object] | Metric] | None = None,
    cutoffs: Sequence[int] | None = None,
    n_items: int | None = None,
    target_ranks: TargetRanks | None = None,
    side: SideInformation | None = None,
    convention: str | None = None,
    ties: Ties | None = None,
    without_predictions: WithoutPredictions | None = None,
    by_item: bool = False,
    n_jobs: int = -1,
    parallel: Parallel | None = None,
    confidence: float = 0.95,
) -> MetricTable:
    """Compute metrics of ranked lists from the items that were relevant.

    The truth defines the users: every user with at least one relevant item counts, and has the value of an empty list
    without predictions. Users without relevant items do not count in any metric.

    Parameters
    ----------
    topk
        A ``TopK``, or a data frame of pandas, polars or pyarrow with ``user``, ``item``, and ``rank`` (1-based; it is
        used if both are there) or ``score`` (rounded to float32; equal scores are ordered by a hash of the ids). An
        item whose score is minus infinity is not recommended.
    truth
        A ``Truth``, or a data frame with ``user``, ``item``, and optionally ``gain`` (0 or less: not relevant; the
        highest gain of a user and item counts). A ``TopK`` and a ``Truth`` are matched by ``users`` if both have them,
        else row by row.
    metrics
        Names, maps such as ``{"kind": "ndcg", "k": 5}``, or metrics. Default: recall, precision,
        ndcg, hit_rate, diversity, and coverage where ``n_items`` is given.
    cutoffs
        Cutoffs of the metrics that do not state their own. Default: 1, 5, 10 and 20, as far
        as the lists of a ``TopK`` reach.
    n_items
        Size of the catalogue. All item indices of a ``TopK`` and a ``Truth`` have to be below it.
    target_ranks
        Exact ranks of the relevant items among all candidates, one for each item of the ``Truth``. Metrics of exact
        ranks need them. They also give accuracy at cutoffs beyond the lists (as means over orders of ties), and the
        range of each value over all orders of ties.
    side
        Side information about users and items, for metrics that need it, such as novelty.
    convention
        Library whose definitions are the defaults of the options of metrics, and of the two arguments below. See
        ``harness.CONVENTIONS``.
    ties
        Order of equal scores. ``given`` (default): the order of the lists. ``expected``, ``worst``, ``best``, for
        accuracy metrics with ``target_ranks``: the mean over all orders, relevant items last, or relevant items first.
        ``trec_eval``, for data frames: by item id as text, descending; scores are in single precision, and ranks are
        not read.
    without_predictions
        What to do with users with relevant items but no recommendation. ``zero`` (default): count them with the value
        of an empty list. ``drop``: leave them out.
    by_item
        Whether to compute what each relevant item contributes to the values, too. ``harness.compare`` needs it to say
        whether a difference holds for other items.
    n_jobs
        Number of threads; -1 for one per core. Results do not depend on it.
    parallel
        Backend and number of workers, instead of ``n_jobs``.
    confidence
        Level of the intervals, in (0, 1).

    Returns
    -------
    MetricTable
        Values with intervals, per-user values, and in ``counts``:
        ``users_without_truth``, ``users_without_predictions``, ``short_lists`` (fewer items than
        the largest cutoff), ``repeated_items`` (slots of lists, up to the largest cutoff),
        ``masked_scores`` (items whose score is minus infinity), ``rounding_ties`` (scores of data frames
        that tie with a different score of the same user only after rounding to float32),
        ``repeated_relevant``, and ``contradicting_gains`` (pairs of a user and a relevant item that were
        judged more than once, with different gains). In ``notes``, warnings: fewer than
        30 users, a cutoff that reaches all ``n_items``.

    Raises
    ------
    HarnessError
        A metric, a cutoff, an id, a score or an argument cannot be used; the message says which.

    Examples
    --------
    >>> import numpy as np
    >>> topk = TopK(np.array([[4, 2, 7], [1, 5, 3]]))
    >>> truth = Truth.from_lists([[2, 7, 9], [8]])
    >>> table = evaluate(topk, truth, metrics=["recall", "ndcg"], cutoffs=[3])
    >>> table.per_user.round(3)
       user  recall@3  ndcg@3
    0     0     0.667   0.531
    1     1     0.000   0.000
    """
    parallel = threads(n_jobs) if parallel is None else parallel
    check_level(confidence)
    n_items = catalogue_size(n_items)
    if metrics is None:
        metrics = [name for name in DEFAULT_METRICS if name != "coverage" or n_items is not None]
    rules = settled_rules(convention, ties=ties, without_predictions=without_predictions)
    if isinstance(topk, TopK) and isinstance(truth, Truth):
        if rules.ties == "trec_eval":
            raise HarnessError(
                "ties 'trec_eval' needs item ids, and a TopK has none. Pass data frames, or leave ties out."
            )
        n_items = check_side(side, truth, n_items)
        chosen = metrics_of(metrics, reached(cutoffs, topk), convention)
        check_needs(chosen, given_names(n_items, target_ranks, truth.gains, side), rules)
        check_depth(chosen, topk, target_ranks)
        depth = depth_of(chosen, topk.k, ranks=target_ranks is not None)
        aligned = align_arrays(topk, truth, n_items=n_items, ranks=target_ranks)
    elif (listed := pandas_frame(topk)) is not None and (judged := pandas_frame(truth)) is not None:
        if target_ranks is not None or side is not None or rules.needs_ranks:
            raise HarnessError(
                "target_ranks and side are of a TopK and a Truth, whose items and rows they follow; data frames have "
                "none. Pass arrays, or leave out both, and ties other than given and trec_eval."
            )
        chosen = metrics_of(metrics, DEFAULT_CUTOFFS if cutoffs is None else cutoffs, convention)
        check_needs(chosen, given_names(n_items, None, judged.get("gain")), rules)
        whole = any(metric.cutoff is None for metric in chosen)
        deepest = depth_of(chosen, 1)
        by_id = rules.ties == "trec_eval"
        aligned = align_frames(
            listed, judged, depth=deepest, whole=whole, n_items=n_items, by_id=by_id, parallel=parallel
        )
        depth = max(deepest, aligned.items.shape[1]) if whole else deepest
    else:
        raise HarnessError(
            f"evaluate got a {type(topk).__name__} and a {type(truth).__name__}. "
            "Pass a TopK and a Truth, or two data frames of pandas, polars or pyarrow (user, item, score or rank; "
            "user, item)."
        )
    if rules.without_predictions == "drop":
        aligned = without_empty_lists(aligned)
        if len(aligned.list_rows) == 0:
            raise HarnessError("no user with a relevant item has predictions, so there is nothing to measure.")
    lists = lists_of(aligned, n_items=n_items, side=side, parallel=parallel)
    shard = score_aligned(aligned, lists, chosen, states={}, depth=depth, rules=rules, by_item=by_item)
    # One value at a time, because all states together would take more memory than the lists.
    over_lists = {metric.label: metric.value(lists) for metric in chosen if isinstance(metric, ListMetric)}
    merge = ShardMerge(chosen, over_lists, rules)
    merge.add(shard)
    table = merge.table(confidence, parallel)
    contributions = table.contributions
    if contributions is not None and aligned.item_ids is not None:
        contributions = contributions.renamed(aligned.item_ids)
    return replace(table, notes=_notes(chosen, len(table.users), n_items), contributions=contributions)


def _notes(metrics: Sequence[Metric], n_users: int, n_items: int | None) -> tuple[str, ...]:
    """Return warnings about values that mean little."""
    deepest = max((metric.cutoff for metric in metrics if metric.cutoff is not None), default=0)
    findings = [few_users(n_users)]
    if n_items is not None and deepest >= n_items:
        findings.append(cutoff_beyond_candidates(deepest, np.full(n_users, n_items), n_users))
    return tuple(finding.sentence for finding in findings if finding.count)
