"""Explanation of the difference between two results."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FactChange:
    """A fact in which two runs differ.

    Parameters
    ----------
    stage
        What it decides, such as ``data``, ``split``, ``candidates``, ``metric``, ``model`` or ``environment``.
    key
        Key of the experiment or of the record.
    a, b
        The values in both runs, as text.
    """

    stage: str
    key: str
    a: str
    b: str


@dataclass(frozen=True)
class DifferenceStep:
    """One step on the way from the value of one run to that of the other.

    Parameters
    ----------
    step
        Name of the step.
    meaning
        What was exchanged, in words.
    value
        The value after the step.
    change
        How much the step changed it.
    n_users
        Number of users of the value.
    """

    step: str
    meaning: str
    value: float
    change: float
    n_users: int


@dataclass(frozen=True)
class ShownItem:
    """An item of a list: its id, its title where one is known, and whether it is relevant for the user."""

    item: str
    title: str | None
    relevant: bool


@dataclass(frozen=True)
class UserDifference:
    """A user whose values differ.

    Parameters
    ----------
    user
        External id.
    a, b
        The values under both runs.
    relevant
        The relevant items of the user in the second run.
    list_a, list_b
        The first ranks of both lists.
    """

    user: str
    a: float
    b: float
    relevant: tuple[ShownItem, ...]
    list_a: tuple[ShownItem, ...]
    list_b: tuple[ShownItem, ...]


@dataclass(frozen=True)
class RunDifference:
    """The difference of two results in one metric, divided into steps, with the users that differ most.

    Parameters
    ----------
    a, b
        Names of the runs.
    metric_a, metric_b
        Labels of the metric in both runs.
    value_a, value_b
        The values.
    facts
        Facts that differ.
    common_users, only_a, only_b
        Number of users that both runs measured, and that only one did.
    steps
        From the value of the first run to that of the second; their changes sum to the difference.
    users
        The most different common users.
    notes
        What could not be taken apart, and why.
    """

    a: str
    b: str
    metric_a: str
    metric_b: str
    value_a: float
    value_b: float
    facts: tuple[FactChange, ...]
    common_users: int
    only_a: int
    only_b: int
    steps: tuple[DifferenceStep, ...]
    users: tuple[UserDifference, ...]
    notes: tuple[str, ...] = ()
