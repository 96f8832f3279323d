"""The runs and comparisons of a folder of reports."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ListedRun:
    """A finished run.

    Parameters
    ----------
    name, folder
        Its name, and its folder relative to the folder of reports.
    created
        When it was computed, as ISO 8601 text; None where it is not known.
    dataset, split, part, model
        The name of its data set, the kinds of its split and of its model, and the measured part.
    metric, value, ci_low, ci_high
        The primary metric and its interval; None where they are not defined.
    users
        Number of users; None where it is not known.
    warnings
        Number of findings that are warnings or errors.
    is_partial
        Whether it measured only some of the users.
    """

    name: str
    folder: str
    created: str | None
    dataset: str
    split: str
    part: str
    model: str
    metric: str | None
    value: float | None
    ci_low: float | None
    ci_high: float | None
    users: int | None
    warnings: int
    is_partial: bool


@dataclass(frozen=True)
class ListedComparison:
    """A comparison.

    Parameters
    ----------
    name, folder
        Its name, and its folder relative to the folder of reports.
    created
        When it was written, as ISO 8601 text; None where it is not known.
    dataset
        The name of the data set of its runs.
    metric, baseline
        The primary metric; the baseline, or None if all pairs are compared.
    runs, best
        Names of the runs, and of those that no run is shown to beat.
    sentence
        What it found; empty where it is not known.
    """

    name: str
    folder: str
    created: str | None
    dataset: str
    metric: str
    baseline: str | None
    runs: tuple[str, ...]
    best: tuple[str, ...]
    sentence: str


@dataclass(frozen=True)
class ResultList:
    """The results in a folder, the newest first.

    Parameters
    ----------
    directory
        The folder of reports.
    runs, comparisons
        The results.
    unreadable
        Folders whose results could not be read.
    """

    directory: str
    runs: tuple[ListedRun, ...]
    comparisons: tuple[ListedComparison, ...]
    unreadable: tuple[str, ...] = ()
