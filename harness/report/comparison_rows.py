"""A comparison as plain rows, arranged for tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.artifacts import Comparison
from harness.report.number_text import clean

_HEADLINE = 8  # metrics that fit into the first table


def value_rows(comparison: Comparison) -> list[dict[str, Any]]:
    """Return the headline values, a dict a run, undefined numbers None."""
    return [_plain(row) for row in comparison.values.to_dict(orient="records")]


def pair_rows(comparison: Comparison) -> list[dict[str, Any]]:
    """Return the pairs, a dict each, undefined numbers None."""
    return [_plain(row) for row in comparison.pairs.to_dict(orient="records")]


def headline_labels(labels: Sequence[str], leading: str | None) -> list[str]:
    """Return the labels for the first table: the leading one, then those of its cutoff.

    Examples
    --------
    >>> headline_labels(["recall@5", "recall@10", "ndcg@5", "ndcg@10"] * 3, "ndcg@10")
    ['ndcg@10', 'recall@10']
    """
    distinct = list(dict.fromkeys(labels))
    if leading is None or leading not in distinct:
        return distinct[:_HEADLINE]
    if len(labels) > _HEADLINE:
        cutoff = leading.rpartition("@")[2] if "@" in leading else None
        distinct = [label for label in distinct if cutoff is None or label.rpartition("@")[2] == cutoff]
    return [leading, *(label for label in distinct if label != leading)][:_HEADLINE]


def best_runs(
    values: Sequence[Mapping[str, Any]], labels: Sequence[str], directions: Mapping[str, bool]
) -> set[tuple[str, str]]:
    """Return the (run, label) whose value is the best of its column.

    None is where the direction is not known, or all runs are alike.

    Examples
    --------
    >>> best_runs([{"run": "a", "ndcg@5": 0.1}, {"run": "b", "ndcg@5": 0.2}], ["ndcg@5"], {"ndcg@5": True})
    {('b', 'ndcg@5')}
    """
    best = set()
    for label in labels:
        known = [(row[label], row["run"]) for row in values if row[label] is not None]
        if label in directions and len({value for value, _ in known}) > 1:
            choose = max if directions[label] else min
            top = choose(value for value, _ in known)
            best |= {(run, label) for value, run in known if value == top}
    return best


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    # NaN, NaT and NA are unequal to themselves, or refuse the question.
    plain = clean(dict(row))
    return {
        key: None if value is None or (not isinstance(value, str) and str(value) in ("nan", "<NA>", "NaT")) else value
        for key, value in plain.items()
    }
