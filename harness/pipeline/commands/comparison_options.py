"""Options of a comparison that take precedence over its files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ComparisonOptions:
    """Options of a comparison that take precedence over its files.

    Parameters
    ----------
    baseline
        Name or file of the run to compare with; None for the baseline of the benchmark, else the first run.
    name
        Name of the comparison, relative to ``<reports>/comparisons``; what is there is replaced. None for the name of
        the benchmark, else the names of the runs and a hash of the settings; another comparison is never replaced.
    force, quiet
        As in ``run``.
    track
        Whether the comparison, and runs that are computed, are sent to MLflow.
    robustness
        Whether to judge the differences under other choices, too.
    swap_lists
        Whether to test metrics over all lists by swapping lists.
    """

    baseline: str | None = None
    name: str | None = None
    force: bool = False
    quiet: bool = False
    track: bool = True
    robustness: bool = False
    swap_lists: bool = False
