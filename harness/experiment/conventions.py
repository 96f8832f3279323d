"""Metric definitions of other libraries, as options and rules that reproduce their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.artifacts import DEFAULT_RULES, Rules, Ties, WithoutPredictions
from harness.errors import did_you_mean
from harness.experiment.validation_errors import FaultError, shown


@dataclass(frozen=True)
class Convention:
    """Metric definitions of one library.

    Parameters
    ----------
    compared_with
        Library and version whose numbers the tests compare with.
    metrics
        Options of each metric that differ from the defaults of this package.
    rules
        Rules that apply to all metrics.
    lacks
        Common metrics that the library does not have, or that it defines in a way that no option reproduces.
    """

    compared_with: str
    metrics: Mapping[str, Mapping[str, Any]]
    rules: Rules = DEFAULT_RULES
    lacks: tuple[str, ...] = field(default=())


# tests/golden/conventions holds numbers computed by each library, and the scripts that computed them.
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
    """Return the convention of a name; raise ``FaultError`` if the name is unknown."""
    if name is None or name not in CONVENTIONS:
        known = list(CONVENTIONS)
        raise FaultError((), f"unknown convention {shown(name)}. {did_you_mean(str(name), known)}")
    return CONVENTIONS[name]


def rules_of(
    convention: str | None, *, ties: Ties | None = None, without_predictions: WithoutPredictions | None = None
) -> Rules:
    """Return the rules of a convention, with explicitly set rules taking precedence."""
    rules = DEFAULT_RULES if convention is None else convention_of(convention).rules
    return Rules(
        ties=rules.ties if ties is None else ties,
        without_predictions=rules.without_predictions if without_predictions is None else without_predictions,
    )
