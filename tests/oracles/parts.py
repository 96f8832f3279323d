"""Every split over lists of rows, in plain Python: a user at a time, a row at a time."""

from __future__ import annotations

import hashlib
from collections import Counter
from fractions import Fraction
from typing import Any

from oracles.splitting import Row, mix, random_key

Parts = dict[str, list[Row]]


def seed_of(seed: int, purpose: str) -> int:
    """Return the seed of one purpose."""
    return int.from_bytes(hashlib.blake2b(f"{purpose}:{seed}".encode(), digest_size=8).digest(), "little")


def ordered(rows: list[Row], ties: str, seed: int, *, timed: bool = True) -> dict[Any, list[Row]]:
    """Return each user's rows in canonical order."""
    key = random_key(seed)

    def place(entry: tuple[int, Row]) -> tuple[Any, ...]:
        number, row = entry
        rules = {
            "shuffle": (key(row.user, row.item), row.item, row.rating),
            "error": (key(row.user, row.item), row.item, row.rating),
            "stable": (number,),
            "item_ascending": (row.item, row.rating),
            "item_descending": (-row.item, row.rating),
        }
        return (row.time if timed else 0, *rules[ties])

    users = sorted({row.user for row in rows})
    return {user: [row for _, row in sorted(_own(rows, user), key=place)] for user in users}


def _own(rows: list[Row], user: Any) -> list[tuple[int, Row]]:
    return [(number, row) for number, row in enumerate(rows) if row.user == user]


def _nearest(count: int, *shares: float) -> int:
    exact = count * sum(Fraction(str(share)) for share in shares)
    return int(exact + Fraction(1, 2))


def _empty() -> Parts:
    return {"train": [], "validation": [], "test": []}


def leave_last_out(
    rows: list[Row], *, n: int = 1, validation: bool = True, ties: str = "shuffle", seed: int = 0
) -> Parts:
    """Return the rows of each part, by user, oldest first."""
    parts = _empty()
    for own in ordered(rows, ties, seed).values():
        rest = list(own)
        for part, enough in (("test", len(own) > n), ("validation", validation and len(own) > 2 * n)):
            if enough:
                parts[part] += rest[-n:]
                del rest[-n:]
        parts["train"] += rest
    return parts


def user_time(
    rows: list[Row], *, test: float = 0.2, validation: float = 0.0, ties: str = "shuffle", seed: int = 0
) -> Parts:
    """Return the rows of each part, by user, oldest first."""
    parts = _empty()
    for own in ordered(rows, ties, seed).values():
        _cut(parts, own, own, test, validation)
    return parts


def _cut(parts: Parts, own: list[Row], sequence: list[Row], test: float, validation: float) -> None:
    """Hold out the last of a sequence of the rows that ``own`` has in canonical order."""
    tested = min(_nearest(len(own), test), len(own) - 1)
    held_out = min(_nearest(len(own), test, validation), len(own) - 1)
    label = {}
    for place, row in enumerate(sequence):
        left = len(own) - place
        label[id(row)] = "test" if left <= tested else "validation" if left <= held_out else "train"
    for row in own:
        parts[label[id(row)]].append(row)


def global_time(
    rows: list[Row],
    *,
    test: float = 0.2,
    validation: float = 0.0,
    test_from: float | None = None,
    validation_from: float | None = None,
    ties: str = "shuffle",
    seed: int = 0,
) -> Parts:
    """Return the rows of each part, by user, oldest first; no moment lies in two parts."""
    times = sorted(row.time for row in rows)
    if test_from is None:
        test_from = times[len(times) - round(test * len(times))]
        validation_from = times[len(times) - round((test + validation) * len(times))] if validation else None
    parts = _empty()
    for own in ordered(rows, ties, seed).values():
        for row in own:
            validated = validation_from is not None and row.time >= validation_from
            parts["test" if row.time >= test_from else "validation" if validated else "train"].append(row)
    return parts


def _by_chance(own: list[Row], seed: int) -> list[Row]:
    key = random_key(seed)
    return sorted(own, key=lambda row: key(row.user, row.item))


def random(
    rows: list[Row], *, test: float = 0.2, validation: float = 0.0, ties: str = "shuffle", seed: int = 0, timed: bool
) -> Parts:
    """Return the rows of each part, by user, oldest first."""
    parts = _empty()
    for own in ordered(rows, ties, seed, timed=timed).values():
        _cut(parts, own, _by_chance(own, seed_of(seed, "random split")), test, validation)
    return parts


def k_fold(
    rows: list[Row],
    *,
    fold: int,
    folds: int = 5,
    validation: bool = False,
    ties: str = "shuffle",
    seed: int = 0,
    timed: bool,
) -> Parts:
    """Return the rows of each part, by user, oldest first."""
    parts, chance = _empty(), seed_of(seed, "folds")
    for user, own in ordered(rows, ties, seed, timed=timed).items():
        first = mix(mix(mix(user) ^ mix(chance))) % folds
        fold_of = {id(row): (first + place) % folds for place, row in enumerate(_by_chance(own, chance))}
        for row in own:
            its = fold_of[id(row)]
            validated = validation and its == (fold + 1) % folds
            parts["test" if its == fold else "validation" if validated else "train"].append(row)
    return parts


def user_holdout(
    rows: list[Row],
    *,
    test: float = 0.1,
    validation: float = 0.0,
    fold_in: float = 0.8,
    ties: str = "shuffle",
    seed: int = 0,
    timed: bool,
) -> Parts:
    """Return the rows of each part; a ``ValueError`` where too few users have enough rows."""
    sequences, chance = ordered(rows, ties, seed, timed=timed), seed_of(seed, "held-out users")
    known = {
        user: fold_in if fold_in >= 1 else max(min(_nearest(len(own), fold_in), len(own) - 1), 1)
        for user, own in sequences.items()
    }
    able = [user for user, own in sequences.items() if len(own) > known[user]]
    able.sort(key=lambda user: mix(mix(mix(user) ^ mix(chance))))
    tested, held_out = _nearest(len(sequences), test), _nearest(len(sequences), test, validation)
    if held_out > len(able):
        raise ValueError("too few users")
    parts = {**_empty(), "fold_in": []}
    for user, own in sequences.items():
        role = "test" if user in able[:tested] else "validation" if user in able[:held_out] else "train"
        first = 0 if role == "train" else known[user]
        parts["fold_in"] += own[: int(first)]
        parts[role] += own[int(first) :]
    return parts


def fixed(rows: list[Row], files: dict[str, list[Row]], *, ties: str = "shuffle", seed: int = 0) -> Parts:
    """Return the rows of each part: those of its file, each counted off the data set's equal rows."""
    left = {part: Counter(chosen) for part, chosen in files.items()}
    parts: Parts = {**_empty(), **{part: [] for part in files}}
    for own in ordered(rows, ties, seed).values():
        for row in own:
            holder = next(
                (part for part in ("train", "fold_in", "validation", "test") if left.get(part, {}).get(row)), ""
            )
            if holder:
                left[holder][row] -= 1
                parts[holder].append(row)
    return parts
