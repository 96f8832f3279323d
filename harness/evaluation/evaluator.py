"""The one call from recommendations to a table of metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from harness.artifacts import (
    MetricTable,
    Rules,
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
from harness.evaluation.alignment import Alignment, align_arrays, without_empty_lists
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
from harness.evaluation.frames import align_frames
from harness.evaluation.shard_evaluation import lists_of, score_aligned
from harness.evaluation.shard_merge import table_of
from harness.execution import Parallel
from harness.metrics import ListMetric, Metric


def evaluate(
    topk: TopK | pd.DataFrame,
    truth: Truth | pd.DataFrame,
    *,
    metrics: Sequence[str | Mapping[str, Any] | Metric] | None = None,
    cutoffs: Sequence[int] | None = None,
    n_items: int | None = None,
    target_ranks: TargetRanks | None = None,
    side: SideInformation | None = None,
    convention: str | None = None,
    ties: Ties | None = None,
    without_predictions: WithoutPredictions | None = None,
    n_jobs: int = -1,
    parallel: Parallel | None = None,
    confidence: float = 0.95,
) -> MetricTable:
    """Measure ranked lists against what was relevant.

    The truth defines the users: those with at least one relevant item count, and one without
    predictions scores 0. Users without a relevant item are outside every metric.

    Parameters
    ----------
    topk
        A ``TopK``, or a data frame with ``user``, ``item``, and ``rank`` (1-based; it decides where
        both stand) or ``score`` (rounded to float32; equal scores in an order drawn from the ids). An item
        whose score is minus infinity is not recommended.
    truth
        A ``Truth``, or a data frame with ``user``, ``item``, and maybe ``gain`` (0 or less: not
        relevant; the highest of a user and item counts). Arrays are matched by ``users`` where both have them,
        else row by row.
    metrics
        Names, maps such as ``{"kind": "ndcg", "k": 5}``, or metrics. Default: recall, precision,
        ndcg, hit_rate, diversity, and coverage where ``n_items`` is given.
    cutoffs
        Ranks to cut at, for metrics that do not state their own. Default: 1, 5, 10 and 20, as far
        as the lists of a ``TopK`` reach.
    n_items
        Size of the catalogue, of which the item indices of a ``TopK`` and a ``Truth`` have to be.
    target_ranks
        Where the relevant items stand among all candidates; an entry for each of a ``Truth``'s items, which do
        not repeat within a user. Metrics of exact ranks need it, accuracy at cutoffs beyond the lists is
        told from it (in the mean over orders of ties), and so is how far ties of scores can move each value.
    side
        What is known of users and items beside, of arrays; for metrics that need it, such as novelty.
    convention
        A library whose definitions are the defaults: of the options of metrics that are named, and of the two
        below. See ``harness.CONVENTIONS``.
    ties
        The order among equal scores: ``given``, the default, as the lists have it; ``expected``, ``worst``,
        ``best``, which need ``target_ranks``: the mean over all orders, relevant items last, or first, in accuracy
        metrics; ``trec_eval``, of data frames: by item id as text, descending, scores in single precision, ranks
        not read.
    without_predictions
        Users with relevant items and no recommendation: ``zero``, the default, counts them with the value of an
        empty list, ``drop`` leaves them out.
    n_jobs
        Threads; -1 for one a core. It never changes a result.
    parallel
        Backend and workers, in place of ``n_jobs``.
    confidence
        Level of the intervals, in (0, 1).

    Returns
    -------
    MetricTable
        Values with intervals, per-user values, and in ``counts`` what happened on the way:
        ``users_without_truth``, ``users_without_predictions``, ``short_lists`` (fewer items than
        the largest cutoff), ``repeated_items`` (slots of lists, up to the largest cutoff),
        ``masked_scores`` (items whose score is minus infinity), ``rounding_ties`` (scores of data frames
        that tie with a different one of the same user once both are rounded to float32),
        ``repeated_relevant``, and ``contradicting_gains`` (pairs of a user and a relevant item that were
        judged more than once, with different gains). In ``notes`` what makes the values say little: fewer
        than 30 users, a cutoff that reaches all ``n_items``.

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
                "ties 'trec_eval' goes by item ids, which a TopK does not hold. Pass data frames, or leave ties out."
            )
        n_items = check_side(side, truth, n_items)
        chosen = metrics_of(metrics, reached(cutoffs, topk), convention)
        check_needs(chosen, given_names(n_items, target_ranks, truth.gains, side), rules)
        check_depth(chosen, topk, target_ranks)
        depth = depth_of(chosen, topk.k, ranks=target_ranks is not None)
        aligned = align_arrays(topk, truth, n_items=n_items, ranks=target_ranks)
    elif isinstance(topk, pd.DataFrame) and isinstance(truth, pd.DataFrame):
        if target_ranks is not None or side is not None or rules.needs_ranks:
            raise HarnessError(
                "target_ranks and side are of a TopK and a Truth, whose items and rows they follow; data frames have "
                "none. Pass arrays, or leave out both, and ties other than given and trec_eval."
            )
        chosen = metrics_of(metrics, DEFAULT_CUTOFFS if cutoffs is None else cutoffs, convention)
        check_needs(chosen, given_names(n_items, None, truth.get("gain")), rules)
        whole = any(metric.cutoff is None for metric in chosen)
        deepest = depth_of(chosen, 1)
        by_id = rules.ties == "trec_eval"
        aligned = align_frames(topk, truth, depth=deepest, whole=whole, n_items=n_items, by_id=by_id, parallel=parallel)
        depth = max(deepest, aligned.items.shape[1]) if whole else deepest
    else:
        raise HarnessError(
            f"evaluate got a {type(topk).__name__} and a {type(truth).__name__}. "
            "Pass a TopK and a Truth, or two pandas data frames (user, item, score or rank; user, item)."
        )
    if rules.without_predictions == "drop":
        aligned = without_empty_lists(aligned)
        if len(aligned.truth_rows) == 0:
            raise HarnessError("no user with a relevant item has predictions, so there is nothing to measure.")
    table = _measure(
        aligned, chosen, depth=depth, n_items=n_items, side=side, rules=rules, parallel=parallel, confidence=confidence
    )
    return replace(table, notes=_notes(chosen, len(table.users), n_items))


def _notes(metrics: Sequence[Metric], n_users: int, n_items: int | None) -> tuple[str, ...]:
    """Return what makes the values say little."""
    deepest = max((metric.cutoff for metric in metrics if metric.cutoff is not None), default=0)
    findings = [few_users(n_users)]
    if n_items is not None and deepest >= n_items:
        findings.append(cutoff_beyond_candidates(deepest, np.full(n_users, n_items), n_users))
    return tuple(finding.sentence for finding in findings if finding.count)


def _measure(
    aligned: Alignment,
    metrics: Sequence[Metric],
    *,
    depth: int,
    n_items: int | None,
    side: SideInformation | None,
    rules: Rules,
    parallel: Parallel,
    confidence: float,
) -> MetricTable:
    """Return the table of all users as one shard."""
    lists = lists_of(aligned, n_items=n_items, side=side, parallel=parallel)
    shard = score_aligned(aligned, lists, metrics, states={}, depth=depth, rules=rules)
    # One value at a time: all states together would take more memory than the lists.
    over_lists = {metric.label: metric.value(lists) for metric in metrics if isinstance(metric, ListMetric)}
    return table_of(shard, metrics=metrics, over_lists=over_lists, rules=rules, confidence=confidence)
