"""Check the arguments of ``evaluate``, ``score_shard`` and ``merge_shards``."""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from harness.artifacts import Rules, SideInformation, TargetRanks, Ties, TopK, Truth, WithoutPredictions
from harness.errors import HarnessError
from harness.execution import Parallel
from harness.experiment import FaultError, expand_metrics, rules_of
from harness.metrics import AccuracyMetric, ListMetric, Metric, UserMetric

DEFAULT_METRICS = ("recall", "precision", "ndcg", "hit_rate", "coverage", "diversity")
DEFAULT_CUTOFFS = (1, 5, 10, 20)


def metrics_of(specs: Any, cutoffs: Any, convention: str | None = None) -> tuple[Metric, ...]:
    """Return the metrics for names, maps and metrics, each at every cutoff."""
    for name, given in (("metrics", specs), ("cutoffs", cutoffs)):
        if not isinstance(given, Iterable):
            raise HarnessError(f"{name} is {given!r}; pass a list, such as {name}=[{given!r}].")
    specs = list(specs) if not isinstance(specs, str) else specs
    for spec in specs:
        if not isinstance(spec, (str, Mapping, UserMetric, ListMetric)):
            raise HarnessError(
                f"{spec!r} is not a metric. Pass names, such as 'ndcg', or derive it from UserMetric or ListMetric."
            )
    metrics: tuple[Metric, ...] = expand_metrics(specs, cutoffs, convention=convention)
    return metrics


def given_names(
    n_items: int | None, ranks: TargetRanks | None, gains: Any, side: SideInformation | None = None
) -> frozenset[str]:
    """Return the names of the inputs that are there beyond lists and truth, as in ``Metric.needs``."""
    there = {"n_items": n_items, "target_ranks": ranks, "gains": gains}
    known = frozenset() if side is None else side.known
    return known.union(name for name, value in there.items() if value is not None)


def check_side(side: SideInformation | None, truth: Truth, n_items: int | None) -> int | None:
    """Return the size of the catalogue, also from side information, and check that both agree."""
    if side is None or side.n_items is None:
        return n_items
    if n_items is not None and n_items != side.n_items:
        raise HarnessError(f"n_items is {n_items}, and side information is of {side.n_items} items. Give both for one.")
    if side.history is not None and side.history.n_users != truth.n_users:
        raise HarnessError(
            f"the history of side information has {side.history.n_users} rows, and the truth {truth.n_users}. "
            "Give a row for each row of the truth."
        )
    return side.n_items


_LACKING = {
    "target_ranks": (
        "the exact ranks of the relevant items, which a run of a model records but lists do not contain",
        "Pass target_ranks=…",
    ),
    "n_items": ("the size of the catalogue", "Pass n_items=…"),
    "gains": ("graded relevance", "Pass a Truth with gains, or a truth with a column 'gain'"),
    "popularity": ("how many users had each item before", "Pass side=SideInformation(popularity=…, n_users=…)"),
    "history": ("what each user did before", "Pass side=SideInformation(history=…)"),
    "categories": (
        "the categories of items",
        "Name their column by dataset.items.categories, or pass side=SideInformation(categories=…)",
    ),
    "vectors": (
        "vectors of items",
        "Name their file by dataset.items.vectors, or pass side=SideInformation(vectors=…)",
    ),
}


def check_needs(metrics: Sequence[Metric], given: Collection[str], rules: Rules) -> None:
    """Check that the inputs are there which metrics and rules need.

    Parameters
    ----------
    metrics
        Metrics with their options.
    given
        Names of the inputs that are there, as in ``Metric.needs``.
    rules
        Rules that hold for all metrics.
    """
    for metric in metrics:
        for need in metric.required:
            if need not in given:
                what, remedy = _LACKING.get(need, (need, f"Pass {need}=…"))
                raise HarnessError(f"{metric.label} needs {what}. {remedy}, or leave {metric.name} out of the metrics.")
        if rules.ties in ("worst", "best") and isinstance(metric, AccuracyMetric) and not metric.rises:
            raise HarnessError(
                f"{metric.label} has no {rules.ties} order of ties, as a further hit can lower it. "
                f"Use ties 'expected', or leave {metric.name} out of the metrics."
            )
    if rules.needs_ranks and "target_ranks" not in given:
        what, remedy = _LACKING["target_ranks"]
        raise HarnessError(
            f"ties '{rules.ties}' needs {what}. Leave ties out. Where the ranks are known in Python: {remedy}."
        )


def settled_rules(
    convention: str | None, *, ties: Ties | None, without_predictions: WithoutPredictions | None
) -> Rules:
    """Return what is settled for all metrics alike, by a convention and by what is stated beside it."""
    try:
        return rules_of(convention, ties=ties, without_predictions=without_predictions)
    except FaultError as fault:
        raise HarnessError(fault.message) from fault


def expanded_metrics(metrics: Any) -> tuple[Metric, ...]:
    """Return metrics that state their own cutoffs, as shards take them."""
    given = list(metrics) if isinstance(metrics, Iterable) and not isinstance(metrics, str) else [metrics]
    for metric in given:
        if not isinstance(metric, (UserMetric, ListMetric)):
            raise HarnessError(
                f"{metric!r} is not a metric with a cutoff. Pass a list of metrics, such as [NDCG(k=10)] "
                "or the `metrics` of an experiment."
            )
    return metrics_of(given, DEFAULT_CUTOFFS)


def reached(cutoffs: Sequence[int] | None, topk: TopK) -> Sequence[int]:
    """Return the cutoffs, by default those that the lists reach."""
    if topk.k == 0:
        raise HarnessError(f"TopK.items has shape {topk.items.shape}: lists of no item. k must be 1 or more.")
    return [cutoff for cutoff in DEFAULT_CUTOFFS if cutoff <= topk.k] if cutoffs is None else cutoffs


def depth_of(metrics: Sequence[Metric], width: int, *, ranks: bool = False) -> int:
    """Return how many ranks of lists the metrics look at, all there are for those without a cutoff.

    Parameters
    ----------
    metrics
        With their cutoffs.
    width
        Ranks that the lists have.
    ranks
        Whether exact ranks tell what lies beyond.
    """
    deepest = max(width if metric.cutoff is None else metric.cutoff for metric in metrics)
    return min(deepest, width) if ranks else deepest


def check_depth(metrics: Sequence[Metric], topk: TopK, ranks: TargetRanks | None) -> None:
    """Refuse cutoffs that neither lists nor exact ranks reach."""
    for metric in metrics:
        known = ranks is not None and isinstance(metric, AccuracyMetric)
        if metric.cutoff is not None and metric.cutoff > topk.k and not known:
            raise HarnessError(
                f"{metric.label} looks at {metric.cutoff} ranks, and the lists have {topk.k}. "
                f"Ask for cutoffs up to {topk.k}, or recommend more items."
            )


def threads(n_jobs: int) -> Parallel:
    """Return that many threads."""
    try:
        return Parallel(n_jobs=n_jobs)
    except ValidationError as error:
        raise HarnessError(f"n_jobs is {n_jobs!r}; pass 1 or more threads, or -1 for one per core.") from error


def check_level(confidence: float) -> None:
    """Raise an error if a value is not a valid confidence level."""
    if isinstance(confidence, bool) or not isinstance(confidence, (int, float)) or not 0 < confidence < 1:
        raise HarnessError(f"the confidence is {confidence!r}; it lies between 0 and 1, such as 0.95.")


def catalogue_size(n_items: Any) -> int | None:
    """Return the number of items as an int."""
    if n_items is None:
        return None
    try:
        size = operator.index(n_items)
    except TypeError:
        size = 0
    if size < 1 or isinstance(n_items, bool):
        raise HarnessError(f"n_items is {n_items!r}; it is the number of items in the catalogue, 1 or more.")
    return size
