"""Equivalence of two runs within a margin (two one-sided tests, TOST)."""

from __future__ import annotations

from statsmodels.stats.weightstats import ttost_paired

from harness.artifacts.array_types import Float64Array
from harness.statistics.effect_size import has_spread


def is_equivalent(candidate: Float64Array, baseline: Float64Array, *, margin: float, confidence: float) -> bool:
    """Return whether two one-sided tests (TOST) show that the mean difference lies within ``±margin``.

    Runs with equal values for every user are equivalent at any margin.
    """
    differences = candidate - baseline
    if not differences.any():
        return True
    if not has_spread(differences):
        return False
    p_value = ttost_paired(candidate, baseline, -margin, margin)[0]
    return bool(p_value < 1 - confidence)
