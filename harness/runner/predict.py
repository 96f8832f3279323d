"""Batches of users through a model: their best items, and where their relevant items stand."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from harness.artifacts import CandidateLists, History, Recommender, TargetRanks, TopK, Truth, UserBatch, Vocabulary
from harness.artifacts.arrays import BoolArray, Int32Array, Int64Array
from harness.errors import HarnessError
from harness.execution import progress
from harness.runner.checks import check_lists, check_numbers, check_request, is_out_of_memory
from harness.runner.device import auto_batch_size
from harness.topk import TieOrder, mask_scores, non_finite, select, signed_keys, target_ranks


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model recommends, and how fast it did.

    Parameters
    ----------
    topk
        The lists, in the order of the users asked for, with their own ids.
    target_ranks
        Row by row for the items of the truth.
    seconds
        Wall time of scoring and selection, without loading the model.
    device
        Where it ran.
    batch_size
        Users scored at once.
    """

    topk: TopK
    target_ranks: TargetRanks
    seconds: float
    device: str
    batch_size: int

    @property
    def users_per_second(self) -> float:
        """Throughput over the whole of it; 0 without users."""
        return self.topk.n_users / self.seconds if self.seconds > 0 else 0.0

    @property
    def short_lists(self) -> int:
        """How many users had fewer candidates than k."""
        return int((self.topk.items[:, -1] < 0).sum())


@dataclass(frozen=True, eq=False)
class _Catalogue:
    """What stays the same from batch to batch."""

    history: History
    user_ids: Vocabulary
    item_ids: Vocabulary
    outside: torch.Tensor | None  # bool (items,): what is never recommended
    lists: CandidateLists | None
    item_keys: torch.Tensor  # int64 (items,)
    exclude_seen: bool
    k: int
    seed: int
    device: str


@dataclass(frozen=True, eq=False)
class _Arrays:
    """The result, filled batch by batch."""

    items: np.ndarray
    scores: np.ndarray
    above: np.ndarray
    tied: np.ndarray
    candidates: np.ndarray


def predict(
    recommender: Recommender,
    *,
    history: History,
    users: Int64Array,
    truth: Truth,
    user_ids: Vocabulary,
    item_ids: Vocabulary,
    places: Int64Array | None = None,
    candidates: BoolArray | None = None,
    lists: CandidateLists | None = None,
    exclude_seen: bool = True,
    k: int = 100,
    seed: int = 0,
    batch_size: int | Literal["auto"] = "auto",
    device: str = "cpu",
    quiet: bool = False,
) -> Predictions:
    """Return the best k items of each user, and the exact ranks of the relevant ones.

    Neither the batch size nor the order of users changes a result, as long as the model's scores of
    a user do not depend on the batch.

    Parameters
    ----------
    recommender
        The model, on ``device``.
    history
        What each user of the vocabulary did; the model sees it, and it is what ``seen`` means.
    users
        int64 ``(users,)``: whom to score, as indices into ``user_ids``.
    truth
        Relevant items, a row for each of ``users``.
    user_ids, item_ids
        The vocabularies.
    places
        int64 ``(users,)``: the row of ``history`` for each of ``users``, which may repeat then; None
        where it has a row a user of the vocabulary.
    candidates
        bool ``(items,)``: what may be recommended; None for every item.
    lists
        The candidates of each of ``users``, row by row; None for all of ``candidates``.
    exclude_seen
        Whether items of a user's history are no candidates for that user.
    k
        Length of the lists, 1 or more. A user with fewer candidates gets a shorter list.
    seed
        Of the random order among equal scores.
    batch_size
        Users to score at once, or ``auto``: as memory allows.
    device
        As ``choose_device`` returns it.
    quiet
        No progress.

    Raises
    ------
    HarnessError
        The model gives NaN, infinity or another shape than asked for; the arguments do not fit
        together; or the batch does not fit into memory.
    """
    check_request(history, users, truth, user_ids, item_ids, candidates, places)
    check_lists(lists, len(users), len(item_ids))
    check_numbers(k, batch_size)
    size = auto_batch_size(len(item_ids), device) if batch_size == "auto" else batch_size
    catalogue = _Catalogue(
        history=history,
        user_ids=user_ids,
        item_ids=item_ids,
        outside=None if candidates is None else torch.from_numpy(~candidates).to(device),
        lists=lists,
        item_keys=signed_keys(item_ids.keys, device),
        exclude_seen=exclude_seen,
        k=k,
        seed=seed,
        device=device,
    )
    arrays = _empty(len(users), len(truth.items), k)
    start = time.perf_counter()
    try:
        with torch.inference_mode(), progress("scoring", len(users), quiet=quiet) as advance:
            for first in range(0, len(users), size):
                rows = slice(first, min(first + size, len(users)))
                _predict_batch(
                    recommender,
                    catalogue,
                    UserBatch(users[rows], history, None if places is None else places[rows]),
                    rows,
                    truth,
                    arrays,
                )
                advance(rows.stop - rows.start)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise HarnessError(
            f"a batch of {size} users over {len(item_ids):,} items does not fit into the memory of {device}. "
            f"Use a smaller runner.batch_size, such as {max(1, size // 4)}."
        ) from error
    seconds = time.perf_counter() - start
    topk = TopK(arrays.items, arrays.scores, user_ids.ids[users])
    return Predictions(topk, TargetRanks(arrays.above, arrays.tied, arrays.candidates), seconds, device, size)


def _predict_batch(
    recommender: Recommender, catalogue: _Catalogue, batch: UserBatch, rows: slice, truth: Truth, arrays: _Arrays
) -> None:
    scores = _scores(recommender, catalogue, batch)  # (batch, items)
    excluded = _excluded(catalogue, batch, rows)
    masked = mask_scores(scores, excluded)
    order = TieOrder(
        catalogue.seed, signed_keys(catalogue.user_ids.keys[batch.users], catalogue.device), catalogue.item_keys
    )
    best = select(masked, catalogue.k, order=order)
    indptr = truth.indptr[rows.start : rows.stop + 1]
    relevant = slice(indptr[0], indptr[-1])
    ranks = target_ranks(
        masked,
        torch.from_numpy(indptr - indptr[0]).to(catalogue.device),
        torch.from_numpy(truth.items[relevant].astype(np.int64)).to(catalogue.device),
    )
    arrays.items[rows] = best.items.cpu().numpy()
    arrays.scores[rows] = best.scores.cpu().numpy()
    arrays.above[relevant] = ranks.above.cpu().numpy()
    arrays.tied[relevant] = ranks.tied.cpu().numpy()
    arrays.candidates[rows] = (~excluded).sum(dim=1).cpu().numpy()


def _scores(recommender: Recommender, catalogue: _Catalogue, batch: UserBatch) -> torch.Tensor:
    scores = recommender.score(batch)
    shape = (len(batch.users), len(catalogue.item_ids))
    if tuple(scores.shape) != shape or not scores.is_floating_point():
        raise HarnessError(
            f"the model gave {scores.dtype} scores of shape {tuple(scores.shape)}; "
            f"torch.float32 {shape}, users by items, is needed."
        )
    scores = scores.to(device=catalogue.device, dtype=torch.float32)
    place = non_finite(scores)
    if place is not None:
        row, column = place
        raise HarnessError(
            f"the model gave user '{catalogue.user_ids.ids[batch.users[row]]}' the score {float(scores[row, column])} "
            f"for item '{catalogue.item_ids.ids[column]}'; scores have to be finite. "
            "Fit the model again, with other parameters if it stays so."
        )
    return scores


def _excluded(catalogue: _Catalogue, batch: UserBatch, rows: slice) -> torch.Tensor:
    """Return bool ``(batch, items)``: what may not be recommended to whom."""
    shape = (len(batch.users), len(catalogue.item_ids))
    excluded = torch.full(shape, catalogue.lists is not None, dtype=torch.bool, device=catalogue.device)
    if catalogue.lists is not None:
        own = catalogue.lists.rows(rows.start, rows.stop)
        _mark(excluded, own.indptr, own.items, excluded=False)
    if catalogue.outside is not None:
        excluded |= catalogue.outside
    if catalogue.exclude_seen:
        _mark(excluded, *batch.rows(), excluded=True)
    return excluded


def _mark(mask: torch.Tensor, indptr: Int64Array, items: Int32Array, *, excluded: bool) -> None:
    """Set the cells of a mask that a CSR names."""
    rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    places = torch.from_numpy(np.stack([rows, items.astype(np.int64)])).to(mask.device)
    mask[places[0], places[1]] = excluded


def _empty(n_users: int, n_relevant: int, k: int) -> _Arrays:
    try:
        return _Arrays(
            items=np.empty((n_users, k), dtype=np.int32),
            scores=np.empty((n_users, k), dtype=np.float32),
            above=np.empty(n_relevant, dtype=np.int32),
            tied=np.empty(n_relevant, dtype=np.int32),
            candidates=np.empty(n_users, dtype=np.int32),
        )
    except (MemoryError, ValueError) as error:
        raise HarnessError(
            f"lists of {k:,} items for {n_users:,} users do not fit into memory. Use a smaller runner.k."
        ) from error
