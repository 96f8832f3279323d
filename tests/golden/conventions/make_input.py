"""Make input.json: the ranked lists and the truth that every library is given.

Needs numpy alone. To run: python make_input.py

The lists have no score ties, and their scores are multiples of 1/16, so that float32 holds them exactly.
Of the 40 users 38 have predictions, 37 truth and 35 both, so a mean tells which of them it is over.
The section "ties" has the same lists, but only four levels of score.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

SEED = 20250611
USERS = [f"u{n:02d}" for n in range(40)]
ITEMS = [f"i{n:02d}" for n in range(60)]
LISTED = 12
LEVELS = [2.0, 1.5, 1.0, 0.5]

WITHOUT_PREDICTIONS = ["u09", "u27"]
WITHOUT_TRUTH = ["u04", "u31", "u38"]
WITHOUT_HITS = ["u06", "u14", "u22"]
SHORT = {"u02": 3, "u11": 7, "u19": 1, "u33": 9, "u36": 4}
SIZES = {"u02": 8, "u08": 1, "u11": 10, "u13": 15, "u19": 1, "u25": 6, "u30": 15, "u36": 2}
LATE = "u16"  # the first hit is at rank 11
PERFECT = "u25"  # the relevant items come first


def one_user(rng: np.random.Generator, user: str) -> tuple[list[str], dict[str, int]]:
    """Return a ranked list and the gains of the relevant items."""
    size = SIZES.get(user, int(rng.integers(1, 16)))
    items = [ITEMS[n] for n in rng.permutation(len(ITEMS))]
    relevant, others = items[:size], items[size:]
    gains = {item: int(rng.integers(1, 4)) for item in sorted(relevant)}
    length = SHORT.get(user, LISTED)
    if user == PERFECT:
        return relevant + others[: length - size], gains
    if user == LATE:
        return others[:10] + relevant[:1] + others[10:11], gains
    hits = 0 if user in WITHOUT_HITS else max(1, int(rng.binomial(min(size, length), 0.5)))
    listed = relevant[:hits] + others[: length - hits]
    return [listed[n] for n in rng.permutation(length)], gains


def main() -> None:
    rng = np.random.default_rng(SEED)
    predictions, ties, truth = {}, {}, {}
    for user in USERS:
        listed, gains = one_user(rng, user)
        gaps = rng.integers(1, 12, size=len(listed))
        scores = (np.cumsum(gaps[::-1])[::-1] / 16).tolist()
        levels = np.sort(rng.integers(0, len(LEVELS), size=len(listed)))
        if user not in WITHOUT_PREDICTIONS:
            predictions[user] = [[item, score] for item, score in zip(listed, scores, strict=True)]
            ties[user] = [[item, LEVELS[level]] for item, level in zip(listed, levels.tolist(), strict=True)]
        if user not in WITHOUT_TRUTH:
            truth[user] = gains
    sections = {
        "seed": SEED,
        "users": {user: n for n, user in enumerate(USERS)},
        "items": {item: n for n, item in enumerate(ITEMS)},
        "truth": truth,
        "predictions": predictions,
        "ties": ties,
    }
    lines = []
    for name, section in sections.items():
        if isinstance(section, dict) and name not in ("users", "items"):
            rows = ",\n".join(f"  {json.dumps(user)}: {json.dumps(value)}" for user, value in section.items())
            lines.append(f" {json.dumps(name)}: {{\n{rows}\n }}")
        else:
            lines.append(f" {json.dumps(name)}: {json.dumps(section)}")
    Path(__file__).with_name("input.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
