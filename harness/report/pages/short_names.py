"""Shorten the names of runs that begin alike, as in ``ml-100k/ease`` and ``ml-100k/popularity``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from harness.artifacts import (
    Comparison,
    GroupContrast,
    JudgedVariant,
    PairedDifference,
    RobustClaim,
    Robustness,
    RunRecord,
    SharedUsers,
)

T = TypeVar("T")
Pair = TypeVar("Pair", PairedDifference, GroupContrast, RobustClaim, JudgedVariant)


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
    return replace(
        comparison,
        differences=_short_pairs(comparison.differences, beginning),
        values=comparison.values.assign(run=[str(name).removeprefix(beginning) for name in comparison.values["run"]]),
        baseline=None if comparison.baseline is None else comparison.baseline.removeprefix(beginning),
        best=tuple(name.removeprefix(beginning) for name in comparison.best),
        groups=None if comparison.groups is None else short_keys(comparison.groups, beginning),
        contrasts=_short_pairs(comparison.contrasts, beginning),
    )


def short_records(records: Sequence[RunRecord], beginning: str) -> list[RunRecord]:
    """Return records without the beginning of their names."""
    return [replace(record, name=record.name.removeprefix(beginning)) for record in records]


def short_robustness(robustness: Robustness | None, beginning: str) -> Robustness | None:
    """Return robustness without the beginning of the names of runs."""
    if robustness is None:
        return None

    return replace(
        robustness,
        claims=_short_pairs(robustness.claims, beginning),
        variants=_short_pairs(robustness.variants, beginning),
    )


def short_users(users: SharedUsers | None, beginning: str) -> SharedUsers | None:
    """Return the users of a comparison without the beginning of the names of runs."""
    if users is None:
        return None
    return replace(users, users=tuple(replace(user, lists=short_keys(user.lists, beginning)) for user in users.users))


def short_keys(by_name: Mapping[str, T], beginning: str) -> dict[str, T]:
    """Return a mapping by name without the beginning of its names."""
    return {name.removeprefix(beginning): value for name, value in by_name.items()}


def _short_pairs(rows: Iterable[Pair], beginning: str) -> tuple[Pair, ...]:
    return tuple(
        replace(row, candidate=row.candidate.removeprefix(beginning), baseline=row.baseline.removeprefix(beginning))
        for row in rows
    )
