"""The metrics of a run, arranged: which one leads, and cutoffs side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Measure = Mapping[str, Any]
"""One of ``results["metrics"]``."""

_MEASURE: dict[str, Any] = {"k": None, "variant": {}, "family": "", "higher_is_better": True}
_SPREAD = ("value", "std", "ci_low", "ci_high", "n_users", "ties")
_PARTS: dict[str, Any] = {
    **{part: {} for part in ("experiment", "fingerprints", "environment", "dataset", "protocol", "timings")},
    **dict.fromkeys(("metrics", "slices", "audits", "expected"), ()),
    "name": "run",
    "created": "",
    "partial": None,
}


@dataclass(frozen=True)
class Matrix:
    """Metrics as rows, cutoffs as columns.

    Parameters
    ----------
    cutoffs
        Ascending; None, for metrics without a cutoff, comes last.
    rows
        Stem (``ndcg[gain=exp2]``) and one measure a cutoff, None where it was not computed.
    """

    cutoffs: tuple[int | None, ...]
    rows: tuple[tuple[str, tuple[Measure | None, ...]], ...]


def complete(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return results with every part there, empty where it was missing, and every key of a metric.

    Examples
    --------
    >>> complete({"metrics": [{"label": "auc", "value": 0.9}]})["metrics"][0]["ci_low"] is None
    True
    """
    whole = {**_PARTS, **{key: value for key, value in results.items() if value is not None}}
    whole["dataset"] = {"name": "", **whole["dataset"]}
    whole["metrics"] = [{**_MEASURE, **dict.fromkeys(_SPREAD), **measure} for measure in whole["metrics"]]
    return whole


def banner(results: Mapping[str, Any]) -> str:
    """Return what must stand on top of a run that is not whole; empty for one that is."""
    partial = results.get("partial")
    if not partial:
        return ""
    return str(partial.get("sentence") or "Partial: measured on some of the users.")


def stem(measure: Measure) -> str:
    """Return a label without its cutoff.

    Examples
    --------
    >>> stem({"label": "ndcg[gain=exp2]@10", "k": 10})
    'ndcg[gain=exp2]'
    """
    label = str(measure["label"])
    return label if measure.get("k") is None else label.removesuffix(f"@{measure['k']}")


def matrix(measures: Sequence[Measure]) -> Matrix:
    """Return metrics by cutoff, both in the order that was asked for.

    Examples
    --------
    >>> matrix([{"label": "ndcg@5", "k": 5}, {"label": "gini", "k": None}, {"label": "ndcg@1", "k": 1}]).cutoffs
    (1, 5, None)
    """
    found = {(stem(measure), measure.get("k")): measure for measure in measures}
    known = {k for _, k in found}
    cutoffs = (*sorted(k for k in known if k is not None), *((None,) if None in known else ()))
    stems = dict.fromkeys(name for name, _ in found)
    return Matrix(cutoffs, tuple((name, tuple(found.get((name, k)) for k in cutoffs)) for name in stems))


def headline(results: Mapping[str, Any]) -> Measure | None:
    """Return the primary metric; the first one where the experiment names none that was computed."""
    measures: Sequence[Measure] = results.get("metrics", [])
    label = results.get("experiment", {}).get("evaluation", {}).get("primary")
    return next((measure for measure in measures if measure["label"] == label), measures[0] if measures else None)


def at_cutoff_of(leading: Measure, measures: Sequence[Measure]) -> list[Measure]:
    """Return the metrics to show beside the leading one: it first, then those of its cutoff or of none."""
    beside = [
        measure
        for measure in measures
        if measure["label"] != leading["label"] and measure.get("k") in (leading.get("k"), None)
    ]
    return [leading, *beside]
