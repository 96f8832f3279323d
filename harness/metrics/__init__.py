"""Definitions of metrics, and the base classes that metrics of plug-ins inherit.

Each built-in metric has a file of its own, named after it, and a line in ``registry.BUILT_IN``. Its class can also be
imported from here, and is loaded on first use: ``from harness.metrics import NDCG``.
"""

import importlib
from typing import Any

from harness.metrics.listed_metric import ListedMetric
from harness.metrics.metric import AccuracyMetric, Estimate, ListMetric, ListState, Metric, UserMetric
from harness.metrics.metric_inputs import NO_LIST, WORD, Hits, Lists, Ranks, Targets
from harness.registry import BUILT_IN

_targets = (target.partition(":") for target in BUILT_IN["metrics"].values())
_BUILT_IN = {class_name: module for module, _, class_name in _targets}

__all__ = [
    "NO_LIST",
    "WORD",
    "AccuracyMetric",
    "Estimate",
    "Hits",
    "ListMetric",
    "ListState",
    "ListedMetric",
    "Lists",
    "Metric",
    "Ranks",
    "Targets",
    "UserMetric",
    *_BUILT_IN,
]


def __getattr__(name: str) -> Any:
    """Import a built-in metric when it is first used."""
    if name not in _BUILT_IN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_BUILT_IN[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
