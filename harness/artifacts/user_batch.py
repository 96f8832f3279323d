"""Users whom a model scores together."""

from __future__ import annotations

from dataclasses import dataclass

import scipy.sparse as sp

from harness.artifacts.array_types import Int32Array, Int64Array
from harness.artifacts.interactions import History


@dataclass(frozen=True, eq=False)
class UserBatch:
    """Users to score together, with their histories.

    Parameters
    ----------
    users
        int64 ``(batch,)``: indices into the user vocabulary.
    history
        Earlier interactions; a model reads them through ``rows`` or ``matrix``.
    places
        int64 ``(batch,)``: the row of ``history`` for each of ``users``; None where ``history`` has one row per user
        of the vocabulary.

    Examples
    --------
    >>> import numpy as np
    >>> history = History(np.array([0, 2, 3]), np.array([5, 4, 4], dtype=np.int32), n_items=6)
    >>> indptr, items = UserBatch(np.array([1, 0]), history).rows()
    >>> indptr.tolist(), items.tolist()
    ([0, 1, 3], [4, 5, 4])
    """

    users: Int64Array
    history: History
    places: Int64Array | None = None

    @property
    def matrix(self) -> sp.csr_array:
        """Binary float32 CSR ``(batch, items)`` of the histories; repeated items count once."""
        return self.history.matrix[self._places]

    @property
    def _places(self) -> Int64Array:
        return self.users if self.places is None else self.places

    def rows(self) -> tuple[Int64Array, Int32Array]:
        """Return the histories as CSR: ``indptr (batch + 1,)`` and ``items``, oldest first per user."""
        own = self.history.rows(self._places)
        return own.indptr, own.items
