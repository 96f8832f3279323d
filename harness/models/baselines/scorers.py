"""Scorers of the baselines: float32 scores that do not depend on the batch, to the bit."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
import torch

from harness.artifacts import UserBatch, Vocabulary, stream
from harness.artifacts.array_types import Float32Array, Float64Array, Int32Array, Int64Array
from harness.topk import pair_bits, signed_keys

_SCORE_BITS = 24  # precision of a float32 in [0, 1)


class RandomScorer:
    """Uniform scores from a hash of user and item; see ``Random``.

    Parameters
    ----------
    seed
        Seed of the hash.
    users, items
        The vocabularies, for the external ids.
    device
        Device of the scores.
    """

    def __init__(self, seed: int, users: Vocabulary, items: Vocabulary, device: str) -> None:
        self._seed = stream(seed, "random scores")
        self._user_keys = signed_keys(users.keys, device)
        self._item_keys = signed_keys(items.keys, device)

    def score(self, batch: UserBatch) -> torch.Tensor:
        """Return float32 ``(batch, items)`` in [0, 1)."""
        users = torch.from_numpy(batch.users).to(self._user_keys.device)
        bits = pair_bits(self._seed, self._user_keys[users, None], self._item_keys)
        # The shift keeps the sign; the mask keeps the top bits.
        top = (bits >> (64 - _SCORE_BITS)) & ((1 << _SCORE_BITS) - 1)
        return top.to(torch.float32) * 2.0**-_SCORE_BITS


class PopularityScorer:
    """The same scores for all users; see ``Popularity``.

    Parameters
    ----------
    counts
        int64 ``(items,)``.
    device
        Device of the scores.
    """

    def __init__(self, counts: Int64Array, device: str) -> None:
        self._scores = torch.from_numpy(counts.astype(np.float32)).to(device)

    def score(self, batch: UserBatch) -> torch.Tensor:
        """Return float32 ``(batch, items)``: a view of one row for each user."""
        return self._scores.expand(len(batch.users), -1)


class ItemKNNScorer:
    """Scorer by sums of the similarities of each user's history; see ``ItemKNN``.

    The product of two sparse matrices is computed on the CPU, where the order of the sums does not depend on the batch.
    Only the scores are moved to the device.

    Parameters
    ----------
    similarity
        float32 CSR ``(items, items)``.
    device
        Device of the scores.
    """

    def __init__(self, similarity: sp.csr_array, device: str) -> None:
        self._similarity = similarity
        self._device = device

    def score(self, batch: UserBatch) -> torch.Tensor:
        """Return float32 ``(batch, items)``."""
        scores = batch.matrix @ self._similarity
        return torch.from_numpy(scores.toarray()).to(self._device)

    def contributions(self, history: Int32Array, items: Int32Array) -> Float64Array:
        """Return the similarities; float64 ``(items, history)``."""
        found: Float64Array = self._similarity[history][:, items].toarray().T.astype(np.float64)
        return found


class WeightsScorer:
    """Scorer by sums of the rows of an item-to-item matrix over each user's history; see ``EASE``.

    A bag of embeddings adds its rows in order, one bag at a time. The last bits of a matrix product would depend on the
    shape of the batch.

    Parameters
    ----------
    weights
        float32 ``(items, items)``.
    device
        Device of the weights and the scores.
    """

    def __init__(self, weights: Float32Array, device: str) -> None:
        self._weights = torch.from_numpy(np.require(weights, requirements=["C", "W"])).to(device)

    def score(self, batch: UserBatch) -> torch.Tensor:
        """Return float32 ``(batch, items)``."""
        return _sums(batch, self._weights)

    def contributions(self, history: Int32Array, items: Int32Array) -> Float64Array:
        """Return the weights; float64 ``(items, history)``."""
        rows = self._weights[torch.from_numpy(history.astype(np.int64)).to(self._weights.device)]
        found: Float64Array = rows.cpu().numpy()[:, items].T.astype(np.float64)
        return found


class HistoryVectors:
    """Scorer by products of item vectors with their sum over each user's history; see ``PureSVD``.

    Parameters
    ----------
    vectors
        float32 ``(items, dimension)``.
    device
        Device of the vectors.
    """

    def __init__(self, vectors: Float32Array, device: str) -> None:
        self._vectors = torch.from_numpy(np.require(vectors, requirements=["C", "W"])).to(device)

    def user_vectors(self, batch: UserBatch) -> torch.Tensor:
        """Return float32 ``(batch, dimension)``."""
        return _sums(batch, self._vectors)

    def item_vectors(self) -> torch.Tensor:
        """Return float32 ``(items, dimension)``."""
        return self._vectors

    def contributions(self, history: Int32Array, items: Int32Array) -> Float64Array:
        """Return the products of the vectors of items and of the history; float64 ``(items, history)``."""
        vectors = self._vectors.cpu().numpy()
        found: Float64Array = vectors[items].astype(np.float64) @ vectors[history].astype(np.float64).T
        return found


def _sums(batch: UserBatch, rows: torch.Tensor) -> torch.Tensor:
    """Return the sums of the rows of each user's items, added in the order of the items, one user at a time."""
    history = batch.matrix  # columns ascend within a row, each once
    indptr = torch.from_numpy(history.indptr.astype(np.int64)).to(rows.device)
    items = torch.from_numpy(history.indices.astype(np.int64)).to(rows.device)
    return torch.nn.functional.embedding_bag(items, rows, indptr, mode="sum", include_last_offset=True)
