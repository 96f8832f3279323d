"""Lists of the items that may be recommended to each user."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from harness.artifacts.array_types import Int32Array, Int64Array
from harness.artifacts.csr import runs


@dataclass(frozen=True, eq=False)
class CandidateLists:
    """The candidates of each user of a task, as CSR; items ascend within a user.

    Parameters
    ----------
    indptr
        int64 ``(users + 1,)``.
    items
        int32 ``(n,)``.
    """

    indptr: Int64Array
    items: Int32Array

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the lists, as hex."""
        digest = hashlib.sha256(np.ascontiguousarray(self.indptr, dtype="<i8").data)
        digest.update(np.ascontiguousarray(self.items, dtype="<i4").data)
        return digest.hexdigest()

    def rows(self, start: int, stop: int) -> CandidateLists:
        """Return the lists of consecutive users."""
        part = slice(self.indptr[start], self.indptr[stop])
        return CandidateLists(self.indptr[start : stop + 1] - self.indptr[start], self.items[part])

    def of(self, rows: Int64Array) -> CandidateLists:
        """Return the lists of some users, int64 ``(n,)``, in the order given.

        Examples
        --------
        >>> lists = CandidateLists(np.array([0, 2, 3]), np.array([4, 5, 6], dtype=np.int32))
        >>> lists.of(np.array([1, 0])).items.tolist()
        [6, 4, 5]
        """
        indptr, places = runs(self.indptr[rows], np.diff(self.indptr)[rows])
        return CandidateLists(indptr, self.items[places])
