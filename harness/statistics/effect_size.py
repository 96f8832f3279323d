"""Standardised effect size of the difference between two runs."""

from __future__ import annotations

import math

import numpy as np

from harness.artifacts.array_types import Float64Array

_ROUNDING = 1e-12  # relative; far above rounding errors of metric values, far below the steps between them


def has_spread(differences: Float64Array) -> bool:
    """Return whether the differences vary by more than rounding errors."""
    return len(differences) > 1 and bool(np.ptp(differences) > _ROUNDING * np.abs(differences).max())


def standardised_effect(differences: Float64Array) -> float:
    """Return ``dz``: the mean of the differences divided by their standard deviation; NaN without spread.

    Examples
    --------
    >>> standardised_effect(np.array([1.0, 3.0]))
    1.414213562373095
    """
    if not has_spread(differences):
        return math.nan
    return float(differences.mean() / differences.std(ddof=1))
