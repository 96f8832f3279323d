"""Prepare the inputs of a run: its data, its task and its model, with the fingerprints of what they give."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.artifacts import RecommendationTask
from harness.pipeline.stages.fingerprints import fingerprints
from harness.pipeline.stages.preparation import PreparedData, prepare
from harness.pipeline.stages.recommendation import PredictionSource, source_of
from harness.pipeline.stages.task import candidates_digest, task_of

if TYPE_CHECKING:
    from harness.experiment import Experiment
    from harness.pipeline.stages.timings import Stopwatch


@dataclass(frozen=True, eq=False)
class RunInputs:
    """The inputs of a run.

    Parameters
    ----------
    prepared
        The data, filtered and split.
    task
        The users, their relevant items and their candidates.
    source
        The model, or the file of predictions.
    fingerprints
        SHA-256 by stage.
    """

    prepared: PreparedData
    task: RecommendationTask
    source: PredictionSource
    fingerprints: Mapping[str, str]


def inputs_of(experiment: Experiment, stopwatch: Stopwatch, *, quiet: bool) -> RunInputs:
    """Read and split the data of an experiment, and load its model, which is fitted if it must be.

    Parameters
    ----------
    stopwatch
        Measures the phases ``data``, and ``load`` or ``fit``.
    quiet
        Show no progress.
    """
    with stopwatch.measure("data"):
        prepared = prepare(experiment)
        task = task_of(experiment, prepared.split)
    start = time.perf_counter()
    source = source_of(experiment, prepared.split, quiet=quiet)
    stopwatch.add("fit" if source.was_fitted else "load", time.perf_counter() - start)
    keys = fingerprints(
        experiment,
        data_sha256=prepared.source.digest,
        split_digest=prepared.split.digest,
        checkpoint_sha256=source.sha256,
        candidates_digest=candidates_digest(task),
        device=source.device,
    )
    return RunInputs(prepared, task, source, keys)
