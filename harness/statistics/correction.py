"""Correct p-values for the number of tests in a family: Holm, Bonferroni, Benjamini-Hochberg."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from typing import Literal, TypeAlias, get_args

from harness.artifacts.array_types import Float64Array

Correction: TypeAlias = Literal["maxt", "holm", "bonferroni", "bh", "none"]
CORRECTIONS: tuple[Correction, ...] = get_args(Correction)
_METHODS: dict[Correction, str] = {"maxt": "holm", "holm": "holm", "bonferroni": "bonferroni", "bh": "fdr_bh"}


def adjusted_p_values(p_values: Float64Array, correction: Correction) -> Float64Array:
    """Return p-values that hold for a family of tests.

    Parameters
    ----------
    p_values
        float64 ``(tests,)``: the p-value of each test of the family.
    correction
        ``holm`` and ``bonferroni`` bound the chance of one or more false claims in the family, ``bh`` the expected
        share of false claims among all claims; ``none`` returns the p-values unchanged. ``maxt`` needs the
        differences, see ``sign_flips``; p-values alone are corrected by Holm's method instead.

    References
    ----------
    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979.
    Benjamini and Hochberg, "Controlling the false discovery rate", Journal of the Royal Statistical Society B 57, 1995.

    Examples
    --------
    >>> import numpy as np
    >>> adjusted_p_values(np.array([0.01, 0.04]), "holm").round(3).tolist()
    [0.02, 0.04]
    """
    if correction == "none":
        return p_values
    with _cheap_garbage_collection():
        from statsmodels.stats.multitest import multipletests  # its import takes a second

        adjusted: Float64Array = multipletests(p_values, method=_METHODS[correction])[1]
    return adjusted


@contextlib.contextmanager
def _cheap_garbage_collection() -> Iterator[None]:
    """Make garbage collection cheap within the block, since each call of multipletests collects all objects."""
    frozen_before = gc.get_freeze_count()
    gc.freeze()
    try:
        yield
    finally:
        if frozen_before == 0:
            gc.unfreeze()
