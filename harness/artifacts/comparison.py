"""The result of comparing runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

PAIR_COLUMNS = (
    "metric",
    "candidate",
    "baseline",
    "candidate_value",
    "baseline_value",
    "difference",
    "relative",
    "ci_low",
    "ci_high",
    "test",
    "p_value",
    "p_adjusted",
    "effect_size",
    "wins",
    "ties",
    "losses",
    "mde",
    "n_users",
    "verdict",
)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Paired differences between runs.

    Parameters
    ----------
    pairs
        One row per (``metric``, ``candidate``, ``baseline``), with columns ``PAIR_COLUMNS``. Differences are
        candidate minus baseline; p-values are NaN where no test applies.
    values
        One row per run and one column per metric label: the headline values.
    baseline
        Name of the baseline run.
    primary
        The metric that decides the comparison.
    settings
        Test, correction, confidence, margin and seed, as used.
    notes
        Sentences that must be shown with the numbers.
    """

    pairs: pd.DataFrame
    values: pd.DataFrame
    baseline: str
    primary: str | None
    settings: Mapping[str, Any]
    notes: tuple[str, ...] = ()
