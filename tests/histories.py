"""Histories from plain lists."""

from __future__ import annotations

import numpy as np

from harness.artifacts import History


def history_of(rows, n_items):
    """Return what each user did, a list of items a user, oldest first."""
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return History(indptr, np.array([item for row in rows for item in row], dtype=np.int32), n_items)
