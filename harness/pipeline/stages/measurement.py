"""Measure the lists of an experiment with its metrics."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from harness import evaluation
from harness.artifacts import (
    MetricTable,
    RecommendationTask,
    SideInformation,
    TargetRanks,
    TopK,
    Truth,
    descending_places,
)
from harness.execution import Parallel, map_shards

if TYPE_CHECKING:
    from harness.artifacts import Rules
    from harness.artifacts.array_types import UInt64Array
    from harness.evaluation import ShardScores
    from harness.experiment import Experiment
    from harness.metrics import Metric
    from harness.pipeline.stages.recommendation import PredictionBlock, RunPredictions
    from harness.pipeline.workers.shard_jobs import Job


def measured_parts(
    experiment: Experiment,
    recommended: RunPredictions,
    task: RecommendationTask,
    *,
    side: SideInformation | None = None,
    metrics: Sequence[Metric] | None = None,
    by_item: bool = False,
) -> MetricTable:
    """Return the metrics of a task's lists, read part by part so that they are never all in memory.

    Parameters
    ----------
    experiment
        The experiment, with its rules and metrics.
    recommended, task
        The lists, and the task that they belong to.
    side
        Side information, with one row of history per list of the task.
    metrics
        The metrics to compute; None: those of the experiment.
    by_item
        Whether to compute what each relevant item contributes to the values, too.
    """
    chosen = experiment.metrics if metrics is None else metrics
    if task.times is not None:
        # External ids repeat: the value of a user is the mean over all of their lists.
        parts = list(recommended.parts())
        lists, ranks = _joined_lists(parts), _joined_ranks(parts)
        return measured(experiment, lists, task, ranks, side=side, metrics=chosen, by_item=by_item)
    options = experiment.evaluation
    if options.parallel.backend == "dask" and recommended.job is not None:
        shards = _on_a_cluster(experiment, recommended.job, side, chosen, by_item=by_item)
    else:
        shards = _scored(experiment, recommended.parts, task, side, chosen, by_item=by_item)
    table = evaluation.merge_shards(
        shards,
        metrics=chosen,
        rules=options.rules,
        confidence=experiment.statistics.confidence,
        parallel=options.parallel.threads,
    )
    return _with_item_ids(table, task)


def measured(
    experiment: Experiment,
    topk: TopK,
    task: RecommendationTask,
    ranks: TargetRanks | None = None,
    *,
    side: SideInformation | None = None,
    metrics: Sequence[Metric] | None = None,
    by_item: bool = False,
) -> MetricTable:
    """Return the metrics of a task's lists; the value of a user with several lists is their mean."""
    lists, truth, rules = topk, task.truth, experiment.evaluation.rules
    if rules.ties == "trec_eval":
        lists = evaluation.in_trec_order(lists, _places(task))
    if task.times is not None:
        # Row by row, since external ids repeat.
        lists, truth = TopK(lists.items, lists.scores), Truth(truth.indptr, truth.items, truth.gains)
    table = evaluation.evaluate(
        lists,
        truth,
        metrics=experiment.metrics if metrics is None else metrics,
        n_items=task.history.n_items,
        target_ranks=ranks,
        side=side,
        # Lists are in order already.
        ties="given" if rules.ties == "trec_eval" else rules.ties,
        without_predictions=rules.without_predictions,
        by_item=by_item,
        parallel=experiment.evaluation.parallel.threads,
        confidence=experiment.statistics.confidence,
    )
    if task.times is not None and task.truth.users is not None:
        # Its users are the rows of the truth with relevant items.
        table = evaluation.averaged(table, task.truth.rows(table.users.astype(np.int64)))
    return _with_item_ids(table, task)


def _with_item_ids(table: MetricTable, task: RecommendationTask) -> MetricTable:
    found = table.contributions
    return table if found is None else dataclasses.replace(table, contributions=found.renamed(task.item_ids.ids))


def _scored(
    experiment: Experiment,
    parts: Callable[[], Iterator[PredictionBlock]],
    task: RecommendationTask,
    side: SideInformation | None,
    metrics: Sequence[Metric],
    *,
    by_item: bool,
) -> Iterator[ShardScores]:
    """Yield the scores of the parts in order; each worker holds one part."""
    parallel = experiment.evaluation.parallel
    if parallel.backend == "dask":  # workers elsewhere cannot read lists from a local file
        parallel = parallel.threads
    rules = experiment.evaluation.rules
    score = functools.partial(
        _score_part,
        metrics=metrics,
        n_items=task.history.n_items,
        rules=rules,
        by_item=by_item,
        places=_places(task) if rules.ties == "trec_eval" else None,
    )

    def shard_input(part: PredictionBlock) -> _ShardInput:
        rows = np.arange(part.start, part.stop)
        return _ShardInput(
            part.topk, task.truth.rows(rows), part.target_ranks, None if side is None else side.rows(rows)
        )

    inputs = map(shard_input, parts())
    at_once = parallel.workers if parallel.backend == "threading" else 16 * parallel.workers  # processes start slowly
    while group := list(itertools.islice(inputs, at_once)):
        yield from map_shards(score, group, parallel=parallel)


@dataclasses.dataclass(frozen=True, eq=False)
class _ShardInput:
    """The lists, relevant items, ranks and side information of a part of the users."""

    topk: TopK
    truth: Truth
    ranks: TargetRanks | None
    side: SideInformation | None


def _score_part(
    shard: _ShardInput,
    *,
    metrics: Sequence[Metric],
    n_items: int,
    rules: Rules,
    by_item: bool,
    places: UInt64Array | None,
) -> ShardScores:
    return evaluation.score_shard(
        shard.topk if places is None else evaluation.in_trec_order(shard.topk, places),
        shard.truth,
        metrics=metrics,
        n_items=n_items,
        target_ranks=shard.ranks,
        side=shard.side,
        rules=rules,
        by_item=by_item,
        parallel=Parallel(n_jobs=1),
    )


def _places(task: RecommendationTask) -> UInt64Array:
    return descending_places(task.item_ids.ids)


def _joined_lists(parts: Sequence[PredictionBlock]) -> TopK:
    scores = [part.topk.scores for part in parts if part.topk.scores is not None]
    return TopK(
        np.concatenate([part.topk.items for part in parts]),
        np.concatenate(scores) if len(scores) == len(parts) else None,
    )


def _joined_ranks(parts: Sequence[PredictionBlock]) -> TargetRanks | None:
    ranks = [part.target_ranks for part in parts if part.target_ranks is not None]
    if len(ranks) < len(parts):
        return None
    return TargetRanks(
        np.concatenate([each.above for each in ranks]),
        np.concatenate([each.tied for each in ranks]),
        np.concatenate([each.candidates for each in ranks]),
    )


def _on_a_cluster(
    experiment: Experiment, job: Job, side: SideInformation | None, metrics: Sequence[Metric], *, by_item: bool
) -> Iterator[ShardScores]:
    """Yield the scores of shards that workers elsewhere read, score and write; only paths are sent."""
    from harness.experiment.components import to_map
    from harness.pipeline.workers.shard_jobs import read_scores, score_stored

    plain = json.dumps([to_map("metrics", metric) for metric in metrics])
    rules = json.dumps(dataclasses.asdict(experiment.evaluation.rules))
    shards = range(len(job.shards.bounds))
    with dataclasses.replace(job, side=side).written() as folder:
        score = functools.partial(score_stored, job=folder, metrics=plain, rules=rules, by_item=by_item)
        names = [job.shards.name(index) for index in shards]
        for path in map_shards(score, shards, parallel=experiment.evaluation.parallel, names=names):
            yield read_scores(path)
