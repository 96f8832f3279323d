"""The one call from recommendations to a table of metrics."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from harness.artifacts import MetricTable, MetricValue, TopK, Truth
from harness.artifacts.arrays import Float64Array
from harness.errors import HarnessError
from harness.evaluation.alignment import Aligned, align_arrays
from harness.evaluation.frames import align_frames
from harness.evaluation.scoring import score_users
from harness.execution import Parallel
from harness.experiment import expand_metrics
from harness.intervals import Interval, mean_interval, proportion_interval
from harness.metrics import ListMetric, Lists, Metric, UserMetric
from harness.metrics.finding import Relevant

DEFAULT_METRICS = ("recall", "precision", "ndcg", "hit_rate", "coverage", "diversity")
DEFAULT_CUTOFFS = (1, 5, 10, 20)


def evaluate(
    topk: TopK | pd.DataFrame,
    truth: Truth | pd.DataFrame,
    *,
    metrics: Sequence[str | Mapping[str, Any] | Metric] | None = None,
    cutoffs: Sequence[int] | None = None,
    n_items: int | None = None,
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
        both stand) or ``score`` (equal scores in an order drawn from the ids).
    truth
        A ``Truth``, or a data frame with ``user``, ``item``, and maybe ``gain`` (0 or less: not
        relevant). Arrays are matched by ``users`` where both have them, else row by row.
    metrics
        Names, maps such as ``{"kind": "ndcg", "k": 5}``, or metrics. Default: recall, precision,
        ndcg, hit_rate, diversity, and coverage where ``n_items`` is given.
    cutoffs
        Ranks to cut at, for metrics that do not state their own. Default: 1, 5, 10 and 20, as far
        as the lists of a ``TopK`` reach.
    n_items
        Size of the catalogue. Item indices of a ``TopK`` outside it are misses, and counted.
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
        the largest cutoff), ``repeated_items`` and ``unknown_items`` (slots of lists, up to the
        largest cutoff), ``repeated_relevant``.

    Raises
    ------
    HarnessError
        A metric, a cutoff, an id, a score or an argument cannot be used; the message says which.

    Examples
    --------
    >>> topk = TopK(np.array([[4, 2, 7], [1, 5, 3]]))
    >>> truth = Truth.from_lists([[2, 7, 9], [8]])
    >>> table = evaluate(topk, truth, metrics=["recall", "ndcg"], cutoffs=[3])
    >>> table.per_user.round(3)
       user  recall@3  ndcg@3
    0     0     0.667   0.531
    1     1     0.000   0.000
    """
    parallel = _parallel(n_jobs) if parallel is None else parallel
    _check_level(confidence)
    n_items = _catalogue_size(n_items)
    if metrics is None:
        metrics = [name for name in DEFAULT_METRICS if name != "coverage" or n_items is not None]
    if isinstance(topk, TopK) and isinstance(truth, Truth):
        chosen = _metrics(metrics, _reached(cutoffs, topk), n_items)
        depth = _depth(chosen, topk.k)
        _check_depth(chosen, topk)
        aligned = align_arrays(topk, truth, n_items=n_items)
    elif isinstance(topk, pd.DataFrame) and isinstance(truth, pd.DataFrame):
        chosen = _metrics(metrics, DEFAULT_CUTOFFS if cutoffs is None else cutoffs, n_items)
        depth = _depth(chosen, max(DEFAULT_CUTOFFS))
        aligned = align_frames(topk, truth, depth=depth, n_items=n_items, parallel=parallel)
    else:
        raise HarnessError(
            f"evaluate got a {type(topk).__name__} and a {type(truth).__name__}. "
            "Pass a TopK and a Truth, or two pandas data frames (user, item, score or rank; user, item)."
        )
    return _measure(aligned, chosen, depth=depth, n_items=n_items, parallel=parallel, confidence=confidence)


def _measure(
    aligned: Aligned,
    metrics: Sequence[Metric],
    *,
    depth: int,
    n_items: int | None,
    parallel: Parallel,
    confidence: float,
) -> MetricTable:
    lists = Lists(aligned.items, aligned.list_rows, n_items, parallel)
    scores = score_users(
        [metric for metric in metrics if isinstance(metric, UserMetric)],
        lists,
        Relevant(aligned.indptr, aligned.relevant, aligned.truth_rows),
        depth=depth,
    )
    values = []
    for metric in metrics:
        if isinstance(metric, UserMetric):
            values.append(_summary(metric, scores.values[metric.label], confidence))
        elif isinstance(metric, ListMetric):
            values.append(_value(metric, metric.value(lists)))
    return MetricTable(
        values=tuple(values),
        user_values=scores.values,
        users=aligned.users,
        confidence=confidence,
        counts={"users_without_truth": aligned.left_out, **scores.counts},
    )


def _summary(metric: UserMetric, values: Float64Array, confidence: float) -> MetricValue:
    if not np.isfinite(values).all():
        raise HarnessError(f"the metric {metric.label} gave a value that is no number. Each user needs one.")
    found = _interval(metric, values, confidence)
    return _value(metric, found.mean, std=found.std, ci_low=found.low, ci_high=found.high, n_users=found.n)


def _interval(metric: UserMetric, values: Float64Array, confidence: float) -> Interval:
    if metric.binary:
        return proportion_interval(int(np.count_nonzero(values)), len(values), confidence=confidence)
    return mean_interval(values, confidence=confidence)


def _value(metric: Metric, value: float, **spread: Any) -> MetricValue:
    return MetricValue(
        label=metric.label,
        name=metric.name,
        k=metric.cutoff,
        variant=metric.variant,
        family=metric.family,
        higher_is_better=metric.higher_is_better,
        value=float(value),
        **spread,
    )


def _metrics(specs: Any, cutoffs: Any, n_items: int | None) -> tuple[Metric, ...]:
    for name, given in (("metrics", specs), ("cutoffs", cutoffs)):
        if not isinstance(given, Iterable):
            raise HarnessError(f"{name} is {given!r}; pass a list, such as {name}=[{given!r}].")
    specs = list(specs) if not isinstance(specs, str) else specs
    for spec in specs:
        if not isinstance(spec, (str, Mapping, UserMetric, ListMetric)):
            raise HarnessError(
                f"{spec!r} is no metric. Pass names, such as 'ndcg', or derive it from UserMetric or ListMetric."
            )
    metrics: tuple[Metric, ...] = expand_metrics(specs, cutoffs)
    for metric in metrics:
        if "n_items" in metric.needs and n_items is None:
            raise HarnessError(
                f"{metric.label} needs the size of the catalogue. "
                f"Pass n_items=…, or leave {metric.name} out of the metrics."
            )
    return metrics


def _reached(cutoffs: Sequence[int] | None, topk: TopK) -> Sequence[int]:
    if topk.k == 0:
        raise HarnessError(f"TopK.items has shape {topk.items.shape}: lists of no item. k must be 1 or more.")
    return [cutoff for cutoff in DEFAULT_CUTOFFS if cutoff <= topk.k] if cutoffs is None else cutoffs


def _depth(metrics: Sequence[Metric], width: int) -> int:
    """Return how many ranks the metrics look at, all there are for those without a cutoff."""
    return max(width if metric.cutoff is None else metric.cutoff for metric in metrics)


def _check_depth(metrics: Sequence[Metric], topk: TopK) -> None:
    for metric in metrics:
        if metric.cutoff is not None and metric.cutoff > topk.k:
            raise HarnessError(
                f"{metric.label} looks at {metric.cutoff} ranks, and the lists have {topk.k}. "
                f"Ask for cutoffs up to {topk.k}, or recommend more items."
            )


def _parallel(n_jobs: int) -> Parallel:
    try:
        return Parallel(n_jobs=n_jobs)
    except ValidationError as error:
        raise HarnessError(f"n_jobs is {n_jobs!r}; pass 1 or more threads, or -1 for one a core.") from error


def _check_level(confidence: float) -> None:
    if isinstance(confidence, bool) or not isinstance(confidence, (int, float)) or not 0 < confidence < 1:
        raise HarnessError(f"the confidence is {confidence!r}; it lies between 0 and 1, such as 0.95.")


def _catalogue_size(n_items: Any) -> int | None:
    if n_items is None:
        return None
    try:
        size = operator.index(n_items)
    except TypeError:
        size = 0
    if size < 1 or isinstance(n_items, bool):
        raise HarnessError(f"n_items is {n_items!r}; it is the number of items in the catalogue, 1 or more.")
    return size
