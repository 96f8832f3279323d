"""Check the arguments of a comparison, and align the users of its runs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import pandas as pd

from harness import registry
from harness.artifacts import MetricTable, Vocabulary
from harness.artifacts.array_types import Float64Array, UInt64Array
from harness.errors import HarnessError, did_you_mean
from harness.experiment.components import component_of
from harness.statistics.correction import CORRECTIONS
from harness.statistics.paired_test import PairedTest

Margin: TypeAlias = float | Mapping[str, float]
Pairs: TypeAlias = Literal["baseline", "all"]
SeedMethod: TypeAlias = Literal["components", "bootstrap"]
Unit: TypeAlias = Literal["users", "users_items"]
TestChoice: TypeAlias = str | Mapping[str, Any] | PairedTest
AUTO = "auto"


def chosen_baseline(baseline: str | None, names: Sequence[str]) -> str:
    """Return the name of the baseline, by default the first run."""
    if len(names) < 2:
        raise HarnessError(f"a comparison needs two runs or more; there is {len(names)}.")
    if baseline is None:
        return names[0]
    if baseline not in names:
        raise HarnessError(f"unknown baseline '{baseline}'. {did_you_mean(baseline, names)}")
    return baseline


def chosen_pairs(pairs: Pairs, names: Sequence[str], base: str) -> list[tuple[str, str]]:
    """Return candidate and baseline of each difference: each run with the baseline, or all pairs of runs.

    Examples
    --------
    >>> chosen_pairs("baseline", ["a", "b", "c"], "b"), chosen_pairs("all", ["a", "b", "c"], "b")
    ([('a', 'b'), ('c', 'b')], [('b', 'a'), ('c', 'a'), ('c', 'b')])
    """
    if pairs == "all":
        return [(candidate, other) for other, candidate in itertools.combinations(names, 2)]
    return [(candidate, base) for candidate in names if candidate != base]


def check_choices(pairs: str, correction: str, unit: str, confidence: float) -> None:
    """Raise an error if a word or the level is not valid."""
    words = (
        ("pairs", pairs, get_args(Pairs)),
        ("correction", correction, CORRECTIONS),
        ("unit", unit, get_args(Unit)),
    )
    for what, value, known in words:
        if value not in known:
            raise HarnessError(f"unknown {what} '{value}'. {did_you_mean(str(value), known)}")
    if not 0 < confidence < 1:
        raise HarnessError(f"confidence is {confidence}; use a share between 0 and 1, such as 0.95.")


def chosen_test(test: TestChoice, seed: int) -> PairedTest | None:
    """Return a test with its options, or None for ``auto``. A test without a seed of its own gets the one given."""
    if isinstance(test, PairedTest):
        component: Any = test
    else:
        options = {"kind": test} if isinstance(test, str) else dict(test)
        kind = options.pop("kind", None)
        if kind is None:
            raise HarnessError("the test has no kind. Name one, such as {'kind': 'permutation', 'flips': 20000}.")
        if kind == AUTO:
            if options:
                raise HarnessError(f"the test auto has no options; leave out {', '.join(options)}.")
            return None
        if kind not in registry.names("tests"):
            known = [AUTO, *registry.names("tests")]
            raise HarnessError(f"unknown test '{kind}'. {did_you_mean(str(kind), known)}")
        component = component_of("tests", kind, options)
        if not isinstance(component, PairedTest):
            raise HarnessError(
                f"the test '{kind}' is a {type(component).__name__}, which does not inherit "
                "harness.statistics.PairedTest. Inherit it, or choose another test."
            )
    chosen: PairedTest = component if component.seed is not None else replace(component, seed=int(seed))
    return chosen


def name_of_test(test: PairedTest | None) -> str:
    """Return ``auto``, or the name of a test with its options, as in ``permutation(flips=20000)``.

    Examples
    --------
    >>> name_of_test(None), name_of_test(chosen_test({"kind": "permutation", "flips": 20000}, seed=0))
    ('auto', 'permutation(flips=20000)')
    """
    if test is None:
        return AUTO
    chosen = [
        f"{field.name}={getattr(test, field.name)}"
        for field in fields(test)
        if field.name != "seed" and getattr(test, field.name) != field.default
    ]
    return registry.kind_of("tests", test) + (f"({', '.join(chosen)})" if chosen else "")


def shared_labels(tables: Mapping[str, MetricTable], chosen: Sequence[str] | None) -> list[str]:
    """Return the labels to compare: those chosen, or all that every run has."""
    known = [{value.label for value in table.values} for table in tables.values()]
    shared = [value.label for value in next(iter(tables.values())).values if all(value.label in one for one in known)]
    for label in chosen or ():
        if label not in shared:
            raise HarnessError(f"metric '{label}' is not in every run. {did_you_mean(label, shared)}")
    if not shared:
        raise HarnessError("the runs have no metric in common. Compute the same metrics for all of them.")
    return list(chosen) if chosen else shared


def chosen_primary(primary: str | None, labels: Sequence[str]) -> str:
    """Return the metric that decides: the one given, or the only one that is compared."""
    if primary is None:
        if len(labels) > 1:
            raise HarnessError(
                f"{len(labels)} metrics are compared, and none is the primary one. Name the metric that decides, "
                f"such as primary='{labels[0]}'; the others are then exploratory."
            )
        return labels[0]
    if primary not in labels:
        raise HarnessError(f"the primary metric '{primary}' is not compared. {did_you_mean(primary, labels)}")
    return primary


def check_metrics_alike(tables: Mapping[str, MetricTable], labels: Sequence[str]) -> None:
    """Raise an error if a metric has another direction or definition in one of the runs."""
    first_name, first = next(iter(tables.items()))
    for name, table in tables.items():
        for label in labels:
            if table[label].higher_is_better != first[label].higher_is_better:
                raise HarnessError(
                    f"higher values of {label} are better in one of the runs '{first_name}' and '{name}' and worse in "
                    "the other. Compute both with the same metric."
                )


def margin_of(margin: Margin | None, label: str, labels: Sequence[str]) -> float | None:
    """Return the margin of one metric."""
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


def aligned_values(reference: MetricTable, table: MetricTable, name: str, baseline: str) -> Mapping[str, Float64Array]:
    """Return the per-user values of a run, with its users in the same order as those of another run.

    Raises
    ------
    HarnessError
        The users of both differ, or a value is NaN.
    """
    values = dict(table.user_values)
    if len(reference.users) != len(table.users) or not (reference.users == table.users).all():
        places = pd.Index(table.users).get_indexer(pd.Index(reference.users))
        missing = int((places < 0).sum())
        extra = len(table.users) - (len(places) - missing)
        if missing or extra:
            raise HarnessError(
                f"runs '{name}' and '{baseline}' were measured on different users: {missing} are missing from "
                f"'{name}' and {extra} are only in it. Evaluate both on the same split and part."
            )
        values = {label: column[places] for label, column in values.items()}
    for label, column in values.items():
        if not np.isfinite(column).all():
            user = reference.users[int(np.argmin(np.isfinite(column)))]
            raise HarnessError(f"{label} of run '{name}' is not a finite number for user {user}. Compute it again.")
    return values


def user_keys(table: MetricTable) -> UInt64Array:
    """Return a hash of each user's external id; tests use it as the seed of the user's random signs."""
    vocabulary = Vocabulary.of(table.users)
    keys: UInt64Array = vocabulary.keys[vocabulary.indices(table.users)]
    return keys
