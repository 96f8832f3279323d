"""Offline evaluation and benchmarking of top-K recommenders."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.artifacts import (
        Categories,
        Comparison,
        History,
        MetricTable,
        SideInformation,
        TargetRanks,
        TopK,
        Truth,
    )
    from harness.errors import HarnessError, HarnessWarning
    from harness.evaluation import evaluate
    from harness.experiment import CONVENTIONS, Experiment, load_experiment
    from harness.pipeline import RunResult, compare, fit
    from harness.pipeline.commands.run import run
    from harness.topk import top_k

__version__ = "0.1.0"

_HOMES = {
    "CONVENTIONS": "harness.experiment",
    "Categories": "harness.artifacts",
    "Comparison": "harness.artifacts",
    "Experiment": "harness.experiment",
    "HarnessError": "harness.errors",
    "HarnessWarning": "harness.errors",
    "History": "harness.artifacts",
    "MetricTable": "harness.artifacts",
    "RunResult": "harness.pipeline",
    "SideInformation": "harness.artifacts",
    "TargetRanks": "harness.artifacts",
    "TopK": "harness.artifacts",
    "Truth": "harness.artifacts",
    "compare": "harness.pipeline",
    "evaluate": "harness.evaluation",
    "fit": "harness.pipeline",
    "load_experiment": "harness.experiment",
    "run": "harness.pipeline.commands.run",
    "top_k": "harness.topk",
}

__all__ = [
    "CONVENTIONS",
    "Categories",
    "Comparison",
    "Experiment",
    "HarnessError",
    "HarnessWarning",
    "History",
    "MetricTable",
    "RunResult",
    "SideInformation",
    "TargetRanks",
    "TopK",
    "Truth",
    "compare",
    "evaluate",
    "fit",
    "load_experiment",
    "run",
    "top_k",
]


def __getattr__(name: str) -> Any:
    # Import on first use, so that `import harness` and `harness --help` do not load pandas.
    if name not in _HOMES:
        raise AttributeError(f"module 'harness' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
