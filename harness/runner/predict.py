"""Score users with a model: their best items, and the exact ranks of the relevant ones."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from harness.artifacts import (
    AnyRecommender,
    ListRecommender,
    RecommendationTask,
    Recommender,
    TargetRanks,
    TopK,
    UserBatch,
    VectorRecommender,
)
from harness.errors import HarnessError
from harness.execution import progress
from harness.runner.batches import filled, topk_request
from harness.runner.list_models import by_lists, infinite_score_error
from harness.runner.memory_budget import batch_size_of, enough_for_rows, memory_of_rows, memory_of_vectors
from harness.runner.scoring_options import DEFAULT, Options
from harness.topk import InfiniteScoreError, TopKResult, best_by_vectors, best_of_scores, is_out_of_memory, non_finite

logger = logging.getLogger("harness")

_VECTOR_BATCH = 4096  # users per call of user_vectors


@dataclass(frozen=True, eq=False)
class Predictions:
    """The recommendations of a model to the users of a task.

    Parameters
    ----------
    topk
        Ranked lists, in the order of the task's users.
    target_ranks
        Exact ranks, in the order of the task's truth; None for a model that makes lists itself.
    seconds
        Wall time of scoring and selecting.
    device
        The device that computed them.
    """

    topk: TopK
    target_ranks: TargetRanks | None
    seconds: float
    device: str

    @property
    def users_per_second(self) -> float:
        """Throughput over all users; 0 without users."""
        return self.topk.n_users / self.seconds if self.seconds > 0 else 0.0

    @property
    def short_lists(self) -> int:
        """Number of users with fewer candidates than k."""
        return int((self.topk.items[:, -1] < 0).sum())


def predict(
    recommender: AnyRecommender,
    task: RecommendationTask,
    options: Options = DEFAULT,
    *,
    quiet: bool = False,
) -> Predictions:
    """Return the best k items of each user, and the exact ranks of the relevant ones.

    Neither the batch size nor the order of users changes a result, as long as the model's scores for a user do not
    depend on the batch.

    Parameters
    ----------
    recommender
        The model, on the device of the options.
    task
        The users, their candidates and their relevant items.
    options
        Device, batch size, precision and memory.
    quiet
        Show no progress.

    Raises
    ------
    HarnessError
        The model returns NaN, infinity or an array of the wrong shape; the parts of the task do not fit together; or
        the task does not fit into memory.
    """
    task.check()
    start = time.perf_counter()
    with progress("scoring", task.n_users, quiet=quiet) as advance:
        found = compute_topk(recommender, task, options, advance)
    seconds = time.perf_counter() - start
    return Predictions(found.lists(task.user_ids.ids[task.users]), found.target_ranks, seconds, options.device)


def compute_topk(
    recommender: AnyRecommender,
    task: RecommendationTask,
    options: Options,
    advance: Callable[[int], None] = lambda done: None,
) -> TopKResult:
    """Return the best items and exact ranks for a task that was checked; see ``predict``.

    Parameters
    ----------
    advance
        Called with the number of users finished since the last call.
    """
    try:
        with torch.inference_mode():
            if isinstance(recommender, VectorRecommender):
                return _by_vectors(recommender, task, options, advance)
            if options.precision != "float32":
                raise HarnessError(
                    f"runner.precision: {options.precision} applies to products of vectors, and this model has no "
                    "vectors. Use float32."
                )
            if isinstance(recommender, ListRecommender):
                return by_lists(recommender, task, options, advance)
            return _by_scores(recommender, task, options, advance)
    except (MemoryError, ValueError) as error:
        if (
            isinstance(error, ValueError)
            and "array is too big" not in str(error)
            and "Maximum allowed" not in str(error)
        ):
            raise
        raise HarnessError(
            f"lists of {task.k:,} items for {task.n_users:,} users do not fit into memory. Use a smaller runner.k."
        ) from error


def _by_vectors(
    recommender: VectorRecommender, task: RecommendationTask, options: Options, advance: Callable[[int], None]
) -> TopKResult:
    items = _as_vectors(recommender.item_vectors(), task.n_items, "item", options.device)
    if options.device == "cpu":
        needed = memory_of_vectors(task, items.shape[1], precision=options.precision, n_jobs=options.n_jobs)
        options.check(needed, f"scoring {task.n_items:,} items for {task.n_users:,} users at once", enough=needed)
    users = torch.empty((task.n_users, items.shape[1]), dtype=torch.float32, device=options.device)
    for first in range(0, task.n_users, _VECTOR_BATCH):
        stop = min(first + _VECTOR_BATCH, task.n_users)
        batch = filled(task.batch(first, stop), _VECTOR_BATCH) if options.fixed_batches else task.batch(first, stop)
        vectors = _as_vectors(recommender.user_vectors(batch), len(batch.users), "user", options.device)
        if vectors.shape[1] != items.shape[1]:
            raise HarnessError(
                f"the model gave users {vectors.shape[1]} dimensions and items {items.shape[1]}; they must be equal."
            )
        users[first:stop] = vectors[: stop - first]
    try:
        return best_by_vectors(
            users,
            items,
            topk_request(task, 0, task.n_users),
            device=options.device,
            precision=options.precision,
            n_jobs=options.n_jobs,
            advance=advance,
        )
    except InfiniteScoreError as error:
        raise infinite_score_error(task, error.user, error.item, error.score) from error


def _as_vectors(given: torch.Tensor, rows: int, what: str, device: str) -> torch.Tensor:
    _check_tensor(given, f"{what} vectors")
    if given.ndim != 2 or 0 in given.shape[1:] or given.shape[0] != rows or not given.is_floating_point():
        raise HarnessError(
            f"the model gave {given.dtype} {what} vectors of shape {tuple(given.shape)}; "
            f"torch.float32 ({rows}, dimension) is needed."
        )
    return given.detach().to(device=device, dtype=torch.float32)


def _by_scores(
    recommender: Recommender, task: RecommendationTask, options: Options, advance: Callable[[int], None]
) -> TopKResult:
    found = TopKResult.empty(topk_request(task, 0, task.n_users))
    size = batch_size_of(task, options)
    if options.device == "cpu":
        at_once = size if options.fixed_batches else min(size, task.n_users)
        what = (
            f"scoring {task.n_items:,} items for {at_once:,} users at once, and keeping {task.k:,} for "
            f"{task.n_users:,},"
        )
        needed = memory_of_rows(task, at_once, n_jobs=options.n_jobs)
        options.check(needed, what, enough=enough_for_rows(task, options))
    first = 0
    while first < task.n_users:
        stop = min(first + size, task.n_users)
        batch = task.batch(first, stop)
        try:
            scores = _scores(recommender, task, filled(batch, size) if options.fixed_batches else batch)
            part = best_of_scores(scores[: stop - first], topk_request(task, first, stop), n_jobs=options.n_jobs)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            if options.fixed_batches:
                raise HarnessError(
                    f"{size} users at once do not fit into the memory of {options.device}, and this model's scores may "
                    f"depend on how many there are. Set runner.batch_size, such as to {max(1, size // 4)}."
                ) from error
            if size == 1:
                raise HarnessError(
                    f"the scores of one user for {task.n_items:,} items do not fit into the memory of {options.device}."
                ) from error
            size = (size + 1) // 2
            logger.warning("the memory of %s is too small; continuing with %d users per batch", options.device, size)
            continue
        _write(part, found, task, first, stop)
        advance(stop - first)
        first = stop
    return found


def _scores(recommender: Recommender, task: RecommendationTask, batch: UserBatch) -> torch.Tensor:
    scores = recommender.score(batch)
    _check_tensor(scores, "scores")
    shape = (len(batch.users), task.n_items)
    if tuple(scores.shape) != shape or not scores.is_floating_point():
        raise HarnessError(
            f"the model gave {scores.dtype} scores of shape {tuple(scores.shape)}; "
            f"torch.float32 {shape}, users by items, is needed."
        )
    scores = scores.to(dtype=torch.float32)
    place = non_finite(scores)
    if place is not None:
        row, column = place
        user = int(np.flatnonzero(task.users == batch.users[row])[0])
        raise infinite_score_error(task, user, column, float(scores[row, column]))
    return scores


def _check_tensor(given: object, what: str) -> None:
    if not isinstance(given, torch.Tensor):
        raise HarnessError(f"the model gave {what} as {type(given).__name__}; a torch.Tensor is needed.")


def _write(part: TopKResult, found: TopKResult, task: RecommendationTask, first: int, stop: int) -> None:
    targets = slice(task.truth.indptr[first], task.truth.indptr[stop])
    found.items[first:stop], found.scores[first:stop] = part.items, part.scores
    found.above[targets], found.tied[targets] = part.above, part.tied
    found.candidates[first:stop] = part.candidates
