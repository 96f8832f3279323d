"""How other libraries define the metrics: defaults by which our numbers equal theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.errors import did_you_mean
from harness.experiment.faults import FaultError, shown
from harness.experiment.rules import DEFAULT_RULES, Rules, Ties, WithoutPredictions


@dataclass(frozen=True)
class Convention:
    """The definitions of a library.

    Parameters
    ----------
    library
        Its name and the version that the numbers were compared with.
    metrics
        Name of a metric to options, where they are not our defaults.
    rules
        What it settles for all metrics alike.
    lacks
        Metrics of ours among the usual ones that it does not have, or not by a definition of ours.
    """

    library: str
    metrics: Mapping[str, Mapping[str, Any]]
    rules: Rules = DEFAULT_RULES
    lacks: tuple[str, ...] = field(default=())


CONVENTIONS: Mapping[str, Convention] = {}


def convention_of(name: str | None) -> Convention:
    """Return a convention; a ``FaultError`` where there is none of that name."""
    if name is None or name not in CONVENTIONS:
        known = list(CONVENTIONS)
        raise FaultError((), f"unknown convention {shown(name)}. {did_you_mean(str(name), known)}")
    return CONVENTIONS[name]


def rules_of(
    convention: str | None, *, ties: Ties | None = None, without_predictions: WithoutPredictions | None = None
) -> Rules:
    """Return a convention's rules, with those that are stated beside it."""
    rules = DEFAULT_RULES if convention is None else convention_of(convention).rules
    return Rules(
        ties=rules.ties if ties is None else ties,
        without_predictions=rules.without_predictions if without_predictions is None else without_predictions,
    )
