"""How other libraries define the metrics: defaults by which our numbers equal theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.artifacts import DEFAULT_RULES, Rules, Ties, WithoutPredictions
from harness.errors import did_you_mean
from harness.experiment.validation_errors import FaultError, shown


@dataclass(frozen=True)
class Convention:
    """The definitions of a library.

    Parameters
    ----------
    compared_with
        Whose numbers ours were compared with: the library and its version.
    metrics
        Name of a metric to options, where they are not our defaults.
    rules
        What it settles for all metrics alike.
    lacks
        Metrics of ours among the usual ones that it does not have, or not by a definition of ours.
    """

    compared_with: str
    metrics: Mapping[str, Mapping[str, Any]]
    rules: Rules = DEFAULT_RULES
    lacks: tuple[str, ...] = field(default=())


# Numbers made by each library itself, and the scripts that made them, are in tests/golden/conventions.
CONVENTIONS: Mapping[str, Convention] = {
    "trec_eval": Convention(
        "trec_eval, by pytrec_eval-terrier 0.5.11",
        {"map": {"denominator": "relevant"}},
        Rules(ties="trec_eval", without_predictions="drop"),
        lacks=("f1", "rbp", "dcg", "mrr"),
    ),
    "ranx": Convention("ranx 0.3.21", {"map": {"denominator": "relevant"}}),
    "rectools": Convention(
        "RecTools 0.19.0",
        {"map": {"denominator": "relevant"}, "ndcg": {"ideal": "full_k"}},
        lacks=("r_precision", "rbp", "dcg"),
    ),
    "replay": Convention("RePlay 0.22.0", {}, lacks=("f1", "r_precision", "rbp", "dcg")),
    "lenskit": Convention(
        "LensKit 2025.8.1",
        {
            "recall": {"denominator": "min_k"},
            "precision": {"denominator": "list"},
            "ndcg": {"discount": "log2_rank"},
            "dcg": {"discount": "log2_rank"},
            "map": {"denominator": "list"},
            "rbp": {"p": 0.85},
        },
        Rules(without_predictions="drop"),
        lacks=("f1", "r_precision"),
    ),
    "torchmetrics": Convention(
        "TorchMetrics 1.9.0, users without relevant items skipped",
        {"map": {"denominator": "hits"}},
        lacks=("f1", "rbp", "dcg"),
    ),
    "recbole": Convention("RecBole 1.2.1, before it rounds to 4 places", {}, lacks=("f1", "r_precision", "rbp", "dcg")),
    "implicit": Convention(
        "implicit 0.7.3",
        {"precision": {"denominator": "min_k", "average": "micro"}},
        lacks=("recall", "hit_rate", "mrr", "f1", "r_precision", "rbp", "dcg"),
    ),
}


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
