"""Shorten the names of runs that begin alike, as in ``ml-100k/ease`` and ``ml-100k/popularity``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from harness.artifacts import Comparison, Robustness, RunRecord, SharedUsers

T = TypeVar("T")


def common_beginning(names: Sequence[str]) -> str:
    """Return the folders that all names begin with, with the last slash; empty where there are none.

    Examples
    --------
    >>> common_beginning(["ml-100k/ease", "ml-100k/tuned/ease"]), common_beginning(["ease", "ml-100k/ease"])
    ('ml-100k/', '')
    """
    shared: list[str] = []
    for parts in zip(*(name.split("/")[:-1] for name in names), strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return "".join(f"{part}/" for part in shared)


def short_comparison(comparison: Comparison, beginning: str) -> Comparison:
    """Return a comparison without the beginning of its names."""

    def short(name: str) -> str:
        return name.removeprefix(beginning)

    return replace(
        comparison,
        differences=tuple(
            replace(row, candidate=short(row.candidate), baseline=short(row.baseline)) for row in comparison.differences
        ),
        values=comparison.values.assign(run=[short(str(name)) for name in comparison.values["run"]]),
        baseline=None if comparison.baseline is None else short(comparison.baseline),
        best=tuple(map(short, comparison.best)),
        groups=None if comparison.groups is None else short_keys(comparison.groups, beginning),
        contrasts=tuple(
            replace(row, candidate=short(row.candidate), baseline=short(row.baseline)) for row in comparison.contrasts
        ),
    )


def short_records(records: Sequence[RunRecord], beginning: str) -> list[RunRecord]:
    """Return records without the beginning of their names."""
    return [replace(record, name=record.name.removeprefix(beginning)) for record in records]


def short_robustness(robustness: Robustness | None, beginning: str) -> Robustness | None:
    """Return robustness without the beginning of the names of runs."""
    if robustness is None:
        return None

    def short(name: str) -> str:
        return name.removeprefix(beginning)

    return replace(
        robustness,
        claims=tuple(
            replace(one, candidate=short(one.candidate), baseline=short(one.baseline)) for one in robustness.claims
        ),
        variants=tuple(
            replace(one, candidate=short(one.candidate), baseline=short(one.baseline)) for one in robustness.variants
        ),
    )


def short_users(users: SharedUsers | None, beginning: str) -> SharedUsers | None:
    """Return the users of a comparison without the beginning of the names of runs."""
    if users is None:
        return None
    return replace(users, users=tuple(replace(user, lists=short_keys(user.lists, beginning)) for user in users.users))


def short_keys(by_name: Mapping[str, T], beginning: str) -> dict[str, T]:
    """Return a mapping by name without the beginning of its names."""
    return {name.removeprefix(beginning): value for name, value in by_name.items()}
