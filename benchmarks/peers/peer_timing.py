"""What the scripts of the peers share: the lists they read, the clock, and the file they write.

It runs under each peer's own interpreter, where there is numpy and not this project. The scripts are
named ``run_<peer>.py`` since a script named as its library would be what ``import`` finds.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

CUTOFFS = (5, 10, 20)
LABELS = tuple(f"{name}@{k}" for k in CUTOFFS for name in ("recall", "precision", "ndcg", "hit_rate"))
WARM_USERS = 200  # enough for what is compiled at the first call; ranx keeps to one thread after fewer than ten


class Lists(NamedTuple):
    """The best items of each user in falling order of score, and which items were relevant."""

    items: np.ndarray
    scores: np.ndarray
    indptr: np.ndarray
    relevant: np.ndarray

    @classmethod
    def read(cls, path: Path) -> Lists:
        """Read the arrays that ``environments.save_lists`` wrote.

        Libraries sort by score again, so equal scores would let each pick an order of its own.
        """
        with np.load(path) as arrays:
            lists = cls(arrays["items"], arrays["scores"], arrays["indptr"], arrays["relevant"])
        assert (lists.scores[:, 1:] < lists.scores[:, :-1]).all(), "the scores of a list have to fall"
        return lists

    def head(self, users: int) -> Lists:
        """Return the first users alone."""
        indptr = self.indptr[: users + 1]
        return Lists(self.items[:users], self.scores[:users], indptr, self.relevant[: indptr[-1]])

    def users_of_items(self) -> np.ndarray:
        """Return the user of each row, where lists are a table."""
        return np.repeat(np.arange(len(self.items)), self.items.shape[1])

    def users_of_relevant(self) -> np.ndarray:
        """Return the user of each row, where relevant items are a table."""
        return np.repeat(np.arange(len(self.items)), np.diff(self.indptr))

    def relevant_of_users(self) -> list[list[int]]:
        """Return each user's relevant items, as Python integers."""
        items, bounds = self.relevant.tolist(), self.indptr.tolist()
        return [items[start:stop] for start, stop in itertools.pairwise(bounds)]


class Form(NamedTuple):
    """One way to hand the lists to a library: how to make its input, and how to get the means from it."""

    convert: Callable[[Lists], Any]
    measure: Callable[[Any], dict[str, float]]


def clocked(function: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    start = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - start, result


def time_form(form: Form, lists: Lists, repeats: int) -> dict[str, Any]:
    """Return the best time of one form, after a first round over few users that compiles and imports."""
    form.measure(form.convert(lists.head(WARM_USERS)))
    conversion_seconds, converted = clocked(form.convert, lists)
    rounds = [clocked(form.measure, converted) for _ in range(repeats)]
    return {
        "seconds": min(taken for taken, _ in rounds),
        "conversion_seconds": conversion_seconds,
        "values": {label: float(value) for label, value in rounds[-1][1].items()},
    }


def main(library: str, distribution: str, forms: dict[str, Form], *, differs: Sequence[str] = ()) -> None:
    """Time every form over the lists named on the command line, and write the fastest as the library's.

    Parameters
    ----------
    library
        What tables call it.
    distribution
        What it is installed as, to tell its version.
    forms
        Description of an input that the library takes to what makes and measures it.
    differs
        Labels whose definition in the library is not ours, so that their values will not agree.
    """
    parser = argparse.ArgumentParser(description=f"Time {library} over the lists of an .npz file.")
    parser.add_argument("lists", type=Path)
    parser.add_argument("--json", type=Path, required=True, help="where to write the result")
    parser.add_argument("--repeats", type=int, default=3, help="rounds, of which the best counts")
    chosen = parser.parse_args()
    lists = Lists.read(chosen.lists)
    timed = {name: time_form(form, lists, chosen.repeats) for name, form in forms.items()}
    fastest = min(timed, key=lambda name: timed[name]["seconds"])
    values = timed[fastest]["values"]
    result = {
        "library": library,
        "version": version(distribution),
        "users": len(lists.items),
        "form": fastest,
        **timed[fastest],
        "lacks": [label for label in LABELS if label not in values],
        "differs": list(differs),
        "other_forms": {name: times for name, times in timed.items() if name != fastest},
    }
    chosen.json.write_text(json.dumps(result, indent=1), encoding="utf-8")
