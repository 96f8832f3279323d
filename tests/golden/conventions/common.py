"""What the make_*.py scripts share: reading input.json and writing a library's file. Needs no package."""

from __future__ import annotations

import json
import math
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CUTOFFS = [1, 3, 5, 10]


def load() -> dict[str, Any]:
    """Return input.json."""
    return json.loads((HERE / "input.json").read_text(encoding="utf-8"))


def catalogue(data: dict[str, Any], user: str) -> list[tuple[str, float]]:
    """Rank every item: the list as it is, then the other irrelevant items, then the relevant items not listed.

    No scores are tied, and those of items not listed are negative. So a library that ranks the whole catalogue
    finds at the first 10 ranks what the list has there, and after a shorter list irrelevant items only.
    """
    listed = data["predictions"].get(user, [])
    seen = {item for item, _ in listed}
    relevant = data["truth"].get(user, {})
    rest = [item for item in data["items"] if item not in seen and item not in relevant]
    rest += [item for item in data["items"] if item not in seen and item in relevant]
    return [(item, score) for item, score in listed] + [(item, -float(n)) for n, item in enumerate(rest, start=1)]


class Values:
    """The values of one library: means by entry and cutoff, and those of each user."""

    def __init__(self) -> None:
        self.means: dict[str, dict[str, float | None]] = {}
        self.per_user: dict[str, dict[str, dict[str, float | None]]] = {}

    def add(self, entry: str, cutoff: int | str, mean: float, users: dict[str, float] | None = None) -> None:
        """Keep a mean, and the values of each user where there are any; a NaN becomes null."""
        self.means.setdefault(entry, {})[str(cutoff)] = number(mean)
        if users is not None:
            rows = {user: number(users[user]) for user in sorted(users)}
            self.per_user.setdefault(entry, {})[str(cutoff)] = rows


def number(value: float) -> float | None:
    """Return a plain float, and None for NaN."""
    value = float(value)
    return None if math.isnan(value) else value


def write(library: str, requirements: list[str], values: Values, **extra: object) -> None:
    """Write a library's file beside this one, after a look at the versions that are installed.

    The first requirement is the library itself.
    """
    for requirement in requirements:
        name, version = requirement.split("==")
        found = metadata.version(name).partition("+")[0]
        if found != version:
            raise SystemExit(f"{name} is {found} here, not {version}")
    head = {
        "library": library,
        "version": requirements[0].split("==")[1],
        "python": platform.python_version(),
        "requirements": requirements,
        "command": f"python make_{library}.py",
        **extra,
    }
    lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    rows = [f"  {json.dumps(entry)}: {json.dumps(by_cutoff)}" for entry, by_cutoff in values.means.items()]
    lines.append(' "values": {\n' + ",\n".join(rows) + "\n }")
    if values.per_user:
        entries = []
        for entry, by_cutoff in values.per_user.items():
            rows = [f"   {json.dumps(cutoff)}: {json.dumps(users)}" for cutoff, users in by_cutoff.items()]
            entries.append(f"  {json.dumps(entry)}: {{\n" + ",\n".join(rows) + "\n  }")
        lines.append(' "per_user": {\n' + ",\n".join(entries) + "\n }")
    path = HERE / f"{library}.json"
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    json.loads(path.read_text(encoding="utf-8"))
