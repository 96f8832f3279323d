"""Filters, splits and counts over lists of rows, in plain Python: what the data room is held against."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple


class Row(NamedTuple):
    """One interaction in own ids."""

    user: Any
    item: Any
    time: float
    rating: float


def mix(value: int) -> int:
    """Return the finaliser of SplitMix64."""
    value = (value + 0x9E3779B97F4A7C15) % 2**64
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB % 2**64
    return value ^ (value >> 31)


def random_key(seed: int) -> Callable[[int, int], int]:
    """Return the hash of (user, item) for integer ids that orders equal times."""
    return lambda user, item: mix(mix(mix(user) ^ mix(seed)) ^ mix(item))


def k_core(rows: list[Row], users: int, items: int) -> list[Row]:
    """Remove one user or item at a time, whichever is first, until every one has enough."""
    rows = list(rows)
    while True:
        of_users, of_items = Counter(row.user for row in rows), Counter(row.item for row in rows)
        short = [row for row in rows if of_users[row.user] < users]
        if short:
            rows = [row for row in rows if row.user != short[0].user]
            continue
        short = [row for row in rows if of_items[row.item] < items]
        if not short:
            return rows
        rows = [row for row in rows if row.item != short[0].item]


def sequences(rows: list[Row], key: Callable[[Any, Any], int]) -> dict[Any, list[Row]]:
    """Return each user's rows, oldest first, equal times by the key of (user, item)."""
    by_user = defaultdict(list)
    for row in rows:
        by_user[row.user].append(row)
    return {
        user: sorted(own, key=lambda row: (row.time, key(row.user, row.item), row.item, row.rating))
        for user, own in sorted(by_user.items())
    }


def leave_last_out(rows: list[Row], key: Callable[[Any, Any], int], *, validation: bool) -> dict[str, list[Row]]:
    """Return the rows of each part, by user, oldest first."""
    parts: dict[str, list[Row]] = {"train": [], "validation": [], "test": []}
    for own in sequences(rows, key).values():
        rest = list(own)
        if len(own) >= 2:
            parts["test"].append(rest.pop())
        if validation and len(own) >= 3:
            parts["validation"].append(rest.pop())
        parts["train"].extend(rest)
    return parts


def global_time(
    rows: list[Row], key: Callable[[Any, Any], int], *, test: float, validation: float
) -> dict[str, list[Row]]:
    """Return the rows of each part, by user, oldest first; no moment lies in two parts."""
    times = sorted(row.time for row in rows)
    test_from = times[len(times) - round(test * len(times))]
    validation_from = times[len(times) - round((test + validation) * len(times))] if validation else test_from
    parts: dict[str, list[Row]] = {"train": [], "validation": [], "test": []}
    for own in sequences(rows, key).values():
        for row in own:
            late = "test" if row.time >= test_from else "validation" if row.time >= validation_from else "train"
            parts[late].append(row)
    return parts


def tied_users(parts: dict[str, list[Row]], part: str) -> set[Any]:
    """Return the users with a row in the part that another order of equal times could have put elsewhere."""
    found = set()
    for row in parts[part]:
        for other_part, others in parts.items():
            for other in others:
                same_moment = other.user == row.user and other.time == row.time
                if other_part != part and same_moment and other.item != row.item:
                    found.add(row.user)
    return found


def gini(counts: list[int]) -> float:
    """Return the mean absolute difference of all pairs over twice the mean."""
    n, mean = len(counts), sum(counts) / len(counts)
    return sum(abs(a - b) for a in counts for b in counts) / (2 * n * n * mean)
