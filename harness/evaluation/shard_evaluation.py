"""Evaluate one shard of users, for merging with the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.artifacts import DEFAULT_RULES, Rules, SideInformation, TargetRanks, TopK, Truth
from harness.errors import HarnessError
from harness.evaluation.alignment import Alignment, align_shard, without_empty_lists, without_repeats
from harness.evaluation.arguments import (
    catalogue_size,
    check_depth,
    check_needs,
    check_side,
    depth_of,
    expanded_metrics,
    given_names,
)
from harness.evaluation.shard_scores import ShardScores
from harness.evaluation.user_blocks import block_bounds
from harness.evaluation.user_scores import UserScores, score_users
from harness.execution import Parallel
from harness.metrics import ListMetric, Lists, ListState, Metric, UserMetric


def score_shard(
    topk: TopK,
    truth: Truth,
    *,
    metrics: Sequence[Metric],
    n_items: int | None = None,
    target_ranks: TargetRanks | None = None,
    side: SideInformation | None = None,
    rules: Rules = DEFAULT_RULES,
    by_item: bool = False,
    parallel: Parallel | None = None,
) -> ShardScores:
    """Compute the metrics of consecutive users of a run.

    ``merge_shards`` returns, from all shards, the same table as ``harness.evaluate`` for all users, to the bit, if
    every shard except the last has a multiple of ``USER_BLOCK`` rows.

    Parameters
    ----------
    topk, truth
        One row per user, in the same order in both. Users without a relevant item, who may be all users, do not count.
        External ids are taken from either; if both have them, they must be equal.
    metrics
        Metrics with their cutoffs, the same for all shards.
    n_items
        Size of the catalogue, the same for all shards.
    target_ranks
        Exact ranks of the relevant items among all candidates: for metrics that need them, for cutoffs beyond the
        lists, and for the range of values over all orders of ties.
    side
        Side information; its history has a row for each row of the truth.
    rules
        Rules that hold for all metrics.
    by_item
        Whether to compute what each relevant item contributes to the values, too.
    parallel
        Backend and number of workers. Results do not depend on it.

    Raises
    ------
    HarnessError
        Lists and truth do not fit together, a cutoff is larger than the lists, or a metric over all lists
        cannot be measured shard by shard.

    Examples
    --------
    >>> from harness.evaluation import merge_shards
    >>> from harness.metrics import Coverage, Recall
    >>> shard = score_shard(
    ...     TopK(np.array([[4, 2], [1, 5]])),
    ...     Truth.from_lists([[2], [8]]),
    ...     metrics=[Recall(k=2), Coverage(k=2)],
    ...     n_items=10,
    ... )
    >>> shard.values["recall@2"]
    array([1., 0.])
    >>> merge_shards([shard], metrics=[Recall(k=2), Coverage(k=2)])["coverage@2"].value
    0.4
    """
    n_items = check_side(side, truth, catalogue_size(n_items))
    chosen = expanded_metrics(metrics)
    check_needs(chosen, given_names(n_items, target_ranks, truth.gains, side), rules)
    check_depth(chosen, topk, target_ranks)
    aligned = align_shard(topk, truth, n_items=n_items, ranks=target_ranks)
    if rules.without_predictions == "drop":
        aligned = without_empty_lists(aligned)
    lists = lists_of(aligned, n_items=n_items, side=side, parallel=Parallel() if parallel is None else parallel)
    states = {metric.label: _state(metric, lists) for metric in chosen if isinstance(metric, ListMetric)}
    depth = depth_of(chosen, topk.k, ranks=target_ranks is not None)
    return score_aligned(aligned, lists, chosen, states=states, depth=depth, rules=rules, by_item=by_item)


def score_aligned(
    aligned: Alignment,
    lists: Lists,
    metrics: Sequence[Metric],
    *,
    states: dict[str, ListState],
    depth: int,
    rules: Rules,
    by_item: bool = False,
) -> ShardScores:
    """Return the scores of users whose lists and truth are aligned; ``states`` are put into the result."""
    scores = _scores(aligned, lists, metrics, depth=depth, rules=rules, by_item=by_item)
    repeated = scores.counts["repeated_relevant"]
    if repeated and aligned.relevant.ranks is not None:
        # Repeated items count once. With ranks, each entry would count.
        aligned = without_repeats(aligned)
        scores = _scores(aligned, lists, metrics, depth=depth, rules=rules, by_item=by_item)
    return ShardScores(
        values=scores.values,
        moments=scores.moments,
        ties=scores.ties,
        denominators=scores.denominators,
        states=states,
        rows=aligned.relevant.rows,
        users=aligned.users,
        counts={
            "users_without_truth": aligned.left_out,
            **scores.counts,
            **aligned.counts,
            "repeated_relevant": repeated + aligned.counts["repeated_relevant"],
            "users_without_predictions": scores.counts["users_without_predictions"] + aligned.dropped,
        },
        n_rows=aligned.n_rows,
        n_items=lists.n_items,
        depth=depth,
        contributions=scores.contributions,
    )


def _scores(
    aligned: Alignment, lists: Lists, metrics: Sequence[Metric], *, depth: int, rules: Rules, by_item: bool
) -> UserScores:
    return score_users(
        [metric for metric in metrics if isinstance(metric, UserMetric)],
        lists,
        aligned.relevant,
        bounds=block_bounds(aligned.relevant.rows, aligned.n_rows),
        depth=depth,
        rules=rules,
        by_item=by_item,
    )


def lists_of(aligned: Alignment, *, n_items: int | None, side: SideInformation | None, parallel: Parallel) -> Lists:
    """Return the lists of aligned users, with their relevant items."""
    return Lists(aligned.items, aligned.list_rows, n_items, parallel, aligned.scores, aligned.relevant, side)


def _state(metric: ListMetric, lists: Lists) -> ListState:
    state = metric.state(lists)
    for name, array in state.items():
        if not isinstance(array, np.ndarray) or array.dtype.hasobject:
            kind = "ndarray of object" if isinstance(array, np.ndarray) else type(array).__name__
            raise HarnessError(
                f"the state of {metric.label} holds {name!r} of type {kind}; "
                f"{type(metric).__name__}.state returns arrays of numbers, which fit into a file."
            )
    return state
