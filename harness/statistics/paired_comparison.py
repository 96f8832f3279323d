"""Compare runs with a baseline: paired differences, tests of significance, and verdicts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

import numpy as np
import pandas as pd

from harness import registry
from harness.artifacts import PAIR_COLUMNS, Comparison, MetricTable, MetricValue
from harness.artifacts.array_types import Float64Array
from harness.errors import HarnessError, did_you_mean
from harness.statistics.correction import Correction, adjusted_p_values
from harness.statistics.detectable_difference import minimum_detectable_effect
from harness.statistics.effect_size import standardised_effect
from harness.statistics.equivalence import is_equivalent
from harness.statistics.paired_test import PairedTest
from harness.statistics.tie_notes import tie_notes

Margin = float | Mapping[str, float]
DEFAULT_TEST = "paired_t"
NOT_TESTED = "not tested"

CHECKPOINT_NOTE = (
    "Each test asks whether these checkpoints differ over users like these; "
    "a claim about the algorithms needs several training seeds."
)


def compare(
    tables: Mapping[str, MetricTable],
    *,
    baseline: str | None = None,
    metrics: Sequence[str] | None = None,
    primary: str | None = None,
    test: str = "auto",
    correction: Correction = "holm",
    margin: Margin | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Compare runs with a baseline on the same users.

    For each per-user metric, the values of two runs are paired by user. p-values are corrected within each metric over
    all candidates. The comparison on the primary metric was declared beforehand; those on other metrics are
    exploratory. Metrics over all lists (coverage, diversity) have a difference, but no test.

    Parameters
    ----------
    tables
        Run name to values, of two runs or more over the same users.
    baseline
        Name of the run that the others are compared with. Default: the first.
    metrics
        Labels of metrics, such as ``ndcg@10``. Default: all metrics that every run has.
    primary
        Label of the metric that decides. It is kept in the result.
    test
        ``auto`` (the paired t-test), or the name of a registered test.
    correction
        ``holm`` (Holm 1979) or ``none``.
    margin
        The largest difference that does not matter, positive and in the unit of the metric: one number for all
        metrics, or a map of labels to numbers. The verdict "equivalent" needs a margin.
    confidence
        Level of the intervals. The level of the tests is one minus it.
    seed
        Seed of a test that draws random numbers. The t-test draws none.

    Raises
    ------
    HarnessError
        Fewer than two runs, an unknown name, users that differ, or a margin that is not positive.

    Examples
    --------
    >>> import harness
    >>> from harness.artifacts import TopK, Truth
    >>> truth = Truth.from_lists([[0], [1], [2]])
    >>> runs = {
    ...     name: harness.evaluate(TopK(np.array(lists)), truth, metrics=["hit_rate"], cutoffs=[1], n_items=3)
    ...     for name, lists in {"a": [[0], [0], [0]], "b": [[0], [1], [0]]}.items()
    ... }
    >>> pairs = compare(runs, baseline="a").pairs
    >>> pairs[["metric", "candidate", "wins", "ties", "losses", "verdict"]].values.tolist()
    [['hit_rate@1', 'b', 1, 2, 0, 'inconclusive']]
    """
    names = list(tables)
    if len(names) < 2:
        raise HarnessError(f"a comparison needs two runs or more; there is {len(names)}.")
    baseline = names[0] if baseline is None else baseline
    if baseline not in tables:
        raise HarnessError(f"unknown baseline '{baseline}'. {did_you_mean(baseline, names)}")
    if correction not in get_args(Correction):
        raise HarnessError(f"unknown correction '{correction}'. {did_you_mean(correction, get_args(Correction))}")
    if not 0 < confidence < 1:
        raise HarnessError(f"confidence is {confidence}; use a share between 0 and 1, such as 0.95.")
    labels = _labels(tables, metrics)
    if primary is not None and primary not in labels:
        raise HarnessError(f"the primary metric '{primary}' is not compared. {did_you_mean(primary, labels)}")
    test_name = DEFAULT_TEST if test == "auto" else test
    tester = _tester(test_name, seed)
    columns = {name: _aligned_values(tables[baseline], table, name, baseline) for name, table in tables.items()}
    rows: list[dict[str, Any]] = []
    for label in labels:
        family = [
            _pair(
                (name, tables[name][label], columns[name].get(label)),
                (baseline, tables[baseline][label], columns[baseline].get(label)),
                tester=tester,
                confidence=confidence,
            )
            | {"test": test_name if label in columns[name] else None}
            for name in names
            if name != baseline
        ]
        _correct(family, correction)
        for row in family:
            row["verdict"] = _verdict(
                row,
                columns[row["candidate"]].get(label),
                columns[baseline].get(label),
                higher_is_better=tables[baseline][label].higher_is_better,
                margin=_margin(margin, label, labels),
                level=1 - confidence,
            )
        rows.extend(family)
    values = pd.DataFrame([{"run": name} | {label: tables[name][label].value for label in labels} for name in names])
    settings = {"test": test_name, "correction": correction, "confidence": confidence, "seed": seed}
    return Comparison(
        pairs=pd.DataFrame(rows, columns=list(PAIR_COLUMNS)),
        values=values,
        baseline=baseline,
        primary=primary,
        settings=settings | {"margin": dict(margin) if isinstance(margin, Mapping) else margin},
        notes=(
            *(tie_notes(tables, baseline=baseline, label=primary) if primary else ()),
            *_notes(correction, len(names) - 1, primary, untested=any(row["test"] is None for row in rows)),
        ),
    )


def _tester(name: str, seed: int) -> PairedTest:
    kind = registry.load("tests", name)
    if not issubclass(kind, PairedTest):
        raise HarnessError(
            f"the test '{name}' is a {kind.__name__}, which does not inherit harness.statistics.PairedTest. "
            "Inherit it, or choose another test."
        )
    tester: PairedTest = kind(seed=int(seed))
    return tester


def _labels(tables: Mapping[str, MetricTable], chosen: Sequence[str] | None) -> list[str]:
    shared = [value.label for value in next(iter(tables.values())).values]
    for table in tables.values():
        shared = [label for label in shared if label in {value.label for value in table.values}]
    for label in chosen or ():
        if label not in shared:
            raise HarnessError(f"metric '{label}' is not in every run. {did_you_mean(label, shared)}")
    if not shared:
        raise HarnessError("the runs have no metric in common. Compute the same metrics for all of them.")
    return list(chosen) if chosen else shared


def _aligned_values(reference: MetricTable, table: MetricTable, name: str, baseline: str) -> dict[str, Float64Array]:
    """Return a table's per-user values in the order of the reference's users."""
    if len(reference.users) == len(table.users) and (reference.users == table.users).all():
        return dict(table.user_values)
    places = pd.Index(table.users).get_indexer(pd.Index(reference.users))
    missing = int((places < 0).sum())
    extra = len(table.users) - (len(places) - missing)
    if missing or extra:
        raise HarnessError(
            f"runs '{name}' and '{baseline}' were measured on different users: {missing} are missing from "
            f"'{name}' and {extra} are only in it. Evaluate both on the same split and part."
        )
    return {label: values[places] for label, values in table.user_values.items()}


_Run = tuple[str, MetricValue, Float64Array | None]  # name, value of the metric, per-user values


def _pair(candidate: _Run, baseline: _Run, *, tester: PairedTest, confidence: float) -> dict[str, Any]:
    name, value, ours = candidate
    baseline_name, baseline_value, theirs = baseline
    difference = value.value - baseline_value.value
    row: dict[str, Any] = {
        "metric": value.label,
        "candidate": name,
        "baseline": baseline_name,
        "candidate_value": value.value,
        "baseline_value": baseline_value.value,
        "difference": difference,
        "relative": difference / baseline_value.value if baseline_value.value else math.nan,
        "p_value": math.nan,
        "p_adjusted": math.nan,
    }
    if ours is None or theirs is None:
        return row
    differences = ours - theirs
    gains = differences if value.higher_is_better else -differences
    result = tester.test(ours, theirs, confidence=confidence)
    return row | {
        "ci_low": result.ci_low,
        "ci_high": result.ci_high,
        "p_value": result.p_value,
        "effect_size": standardised_effect(differences),
        "wins": int((gains > 0).sum()),
        "ties": int((gains == 0).sum()),
        "losses": int((gains < 0).sum()),
        "mde": minimum_detectable_effect(differences, confidence=confidence),
        "n_users": len(differences),
    }


def _correct(family: Iterable[dict[str, Any]], correction: Correction) -> None:
    """Add ``p_adjusted`` to the rows of one family that have a p-value."""
    tested = [row for row in family if not math.isnan(row["p_value"])]
    if not tested:
        return
    adjusted = adjusted_p_values(np.array([row["p_value"] for row in tested]), correction)
    for row, p_adjusted in zip(tested, adjusted, strict=True):
        row["p_adjusted"] = float(p_adjusted)


def _margin(margin: Margin | None, label: str, labels: Sequence[str]) -> float | None:
    if isinstance(margin, Mapping):
        for name in margin:
            if name not in labels:
                raise HarnessError(
                    f"there is a margin for '{name}', which is not compared. {did_you_mean(name, labels)}"
                )
        margin = margin.get(label)
    if margin is not None and not 0 < margin < math.inf:
        raise HarnessError(f"the margin of {label} is {margin}; a margin is positive, in the metric's own unit.")
    return margin


def _verdict(
    row: Mapping[str, Any],
    candidate: Float64Array | None,
    baseline: Float64Array | None,
    *,
    higher_is_better: bool,
    margin: float | None,
    level: float,
) -> str:
    """Return better, worse, equivalent or inconclusive."""
    if candidate is None or baseline is None:
        return NOT_TESTED
    if margin is not None and is_equivalent(candidate, baseline, margin=margin, confidence=1 - level):
        return "equivalent"
    if not row["p_adjusted"] < level:
        return "inconclusive"
    return "better" if (row["difference"] > 0) == higher_is_better else "worse"


def _notes(correction: Correction, candidates: int, primary: str | None, *, untested: bool) -> Iterable[str]:
    family = f"{primary} x {candidates} candidate{'s' if candidates > 1 else ''}" if primary else "each metric"
    if correction == "holm":
        yield f"p-values are corrected by Holm's method within each metric; the declared family is {family}."
    else:
        yield "p-values are not corrected for the number of comparisons."
    if primary:
        yield f"{primary} decides; findings on the other metrics are exploratory."
    if untested:
        yield "Coverage and diversity are properties of all lists together; their differences are shown without a test."
    yield CHECKPOINT_NOTE
