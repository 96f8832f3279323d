"""Every filter over lists of rows, in plain Python."""

from __future__ import annotations

from collections import Counter
from typing import Any

from oracles.splitting import Row, k_core

__all__ = ["counts", "duplicates", "items", "k_core", "min_rating", "time_window", "users"]


def min_rating(rows: list[Row], value: float) -> list[Row]:
    """Return the rows rated so."""
    return [row for row in rows if row.rating >= value]


def counts(rows: list[Row], **limits: int) -> list[Row]:
    """Return the rows of users and items with so many."""
    kept = []
    for row in rows:
        of = {
            "user": sum(other.user == row.user for other in rows),
            "item": sum(other.item == row.item for other in rows),
        }
        low = all(of[whose] >= limits.get(f"min_per_{whose}", 0) for whose in of)
        high = all(of[whose] <= limits.get(f"max_per_{whose}", len(rows)) for whose in of)
        if low and high:
            kept.append(row)
    return kept


def time_window(rows: list[Row], since: float = float("-inf"), until: float = float("inf")) -> list[Row]:
    """Return the rows of a span, its end left out."""
    return [row for row in rows if since <= row.time < until]


def _listed(rows: list[Row], field: str, allow: Any, deny: Any) -> list[Row]:
    return [
        row for row in rows if (getattr(row, field) in allow if allow is not None else getattr(row, field) not in deny)
    ]


def items(rows: list[Row], allow: Any = None, deny: Any = None) -> list[Row]:
    """Return the rows of listed items, or of the others."""
    return _listed(rows, "item", allow, deny)


def users(rows: list[Row], allow: Any = None, deny: Any = None) -> list[Row]:
    """Return the rows of listed users, or of the others."""
    return _listed(rows, "user", allow, deny)


def duplicates(rows: list[Row], keep: str) -> list[Row]:
    """Return one row, or none, of each pair that has several; rows that are equal in all stand for one another."""
    repeats = Counter((row.user, row.item) for row in rows)
    kept, taken = [], set()
    for row in rows:
        pair = (row.user, row.item)
        same = sorted((other.time, other.rating) for other in rows if (other.user, other.item) == pair)
        wanted = same[0] if keep == "first" else same[-1]
        if repeats[pair] == 1 or (keep != "none" and (row.time, row.rating) == wanted and pair not in taken):
            kept.append(row)
            taken.add(pair)
    return kept
