"""Write a starter experiment as YAML, with comments on each guess."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.artifacts import Interactions
from harness.data.readers.column_guess import ColumnGuess
from harness.data.repeated_pairs import repeated_rows
from harness.data.splits.split_proposal import SplitProposal
from harness.data.times.date_text import date_text
from harness.experiment.components import to_map
from harness.experiment.yaml_text import to_yaml
from harness.report import clean

_WIDTH = 118  # of a line
_HEAD = (
    "Written by harness init. Check the guesses, then run: harness eval FILE. harness schema prints a schema by which "
    "an editor completes and checks this file."
)
_MODELS = "A baseline without options. Others are item_knn, ease and pure_svd; docs/experiments.md lists all."
_SECTIONS = {
    "runner": {"k": 100},
    "evaluation": {"metrics": ["recall", "ndcg", "hit_rate", "coverage"], "cutoffs": [5, 10, 20]},
}


def starter_text(
    name: str,
    source: Mapping[str, str | None],
    guesses: Sequence[ColumnGuess],
    interactions: Interactions,
    split: SplitProposal,
) -> str:
    """Return an experiment as YAML text.

    Parameters
    ----------
    name
        Name of the experiment.
    source
        The keys ``path``, ``delimiter`` and ``format`` of ``dataset``; None where there is none.
    guesses
        The columns.
    interactions
        The content of the table.
    split
        The split.
    """
    columns = {guess.meaning: guess.column for guess in guesses if guess.column is not None}
    rule = _present(to_map("splits", split.rule))
    model = {"kind": "popularity", "fit": {"on": "train_validation"}}
    plain = {
        "name": name,
        "dataset": {**_present(source), "columns": columns, "split": rule},
        "model": model,
        **_SECTIONS,
    }
    comments = {
        "name:": [_HEAD],
        "dataset:": [_facts(interactions)],
        "  columns:": [f"{guess.meaning}: {guess.reason}." for guess in guesses],
        "  split:": [*_advice(interactions), split.reason],
        "model:": [_MODELS],
    }
    lines: list[str] = []
    for line in to_yaml(plain).replace("'on':", "on:").splitlines():
        # Values that take several lines are indented deeper than the keys.
        key = next((key for key in comments if line.startswith(key)), None)
        for comment in comments.pop(key) if key is not None else ():
            lines += _comment(comment, indent=line[: len(line) - len(line.lstrip())])
        lines.append(line)
    return "\n".join([*lines, ""])


def _comment(text: str, *, indent: str) -> list[str]:
    """Return text as lines of a comment; no character of it can end the comment."""
    lead = f"{indent}# "
    return textwrap.wrap(" ".join(clean(text).split()), _WIDTH, initial_indent=lead, subsequent_indent=lead)


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _facts(interactions: Interactions) -> str:
    """Return the size of the data and the range of its times."""
    users, items = len(interactions.user_ids), len(interactions.item_ids)
    text = f"{len(interactions):,} interactions of {users:,} users with {items:,} items"
    times = interactions.timestamps
    if times is None:
        return f"{text}, without timestamps."
    first, last = (date_text(time.item(), interactions.time_unit) for time in (times.min(), times.max()))
    return f"{text}, from {first} to {last}."


def _advice(interactions: Interactions) -> list[str]:
    """Return what the file leaves as it is, and which key would change it."""
    advice = []
    values = interactions.values
    if values is not None and len(np.unique(values)) > 1:
        low, high = values.min(), values.max()
        advice.append(
            f"Each rating from {low:g} to {high:g} counts as an interaction. To keep only those of 4 and more, for "
            "example, add 'filters: [{kind: min_rating, value: 4}]'."
        )
    repeats = repeated_rows(interactions)
    if repeats:
        advice.append(
            f"{repeats:,} of {len(interactions):,} rows repeat a user and an item. A held-out item that the user had "
            "before cannot be hit, since seen items are excluded. To keep the first of each, add 'duplicates: first'."
        )
    return advice
