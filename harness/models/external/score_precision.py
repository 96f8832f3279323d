"""Warn of scores that tie only after they are rounded to float32."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.models.run_messages import warn_once


def tell_of_ties(scores: Any, what: str) -> None:
    """Warn if float64 scores ``(users, items)`` of the first user tie only in float32."""
    if len(scores) == 0:
        return
    row = np.asarray(scores[0])
    with np.errstate(over="ignore", invalid="ignore"):
        lost = len(np.unique(row)) - len(np.unique(row.astype(np.float32)))
    if lost > 0:
        warn_once(
            f"the {what} are float64, and are compared as float32, in which {lost:,} of {len(row):,} of one user "
            "become ties: scale them, such as by taking off their mean and dividing by their spread"
        )
