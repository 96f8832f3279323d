"""Build the record of a run that has just been computed."""

from __future__ import annotations

import datetime
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np

from harness import evaluation
from harness.artifacts import (
    CandidateRecord,
    Expectation,
    ExperimentRecord,
    Finding,
    MetricTable,
    PartialRun,
    ProtocolRecord,
    RecommendationTask,
    RunRecord,
    Split,
    TimingRecord,
)
from harness.pipeline.run_folder.record_file import SCHEMA_VERSION
from harness.pipeline.stages.environment import environment
from harness.pipeline.stages.task import candidates_digest

if TYPE_CHECKING:
    from harness.experiment import Experiment
    from harness.pipeline.stages.recommendation import RunPredictions
    from harness.pipeline.stages.run_inputs import RunInputs
    from harness.pipeline.stages.timings import Stopwatch

_TREC = "score descending in single precision, then item id as text, descending"


def record_of_run(
    experiment: Experiment,
    inputs: RunInputs,
    recommended: RunPredictions,
    table: MetricTable,
    *,
    findings: tuple[Finding, ...],
    stopwatch: Stopwatch,
) -> RunRecord:
    """Return the record of a run, without the digests of its files.

    Parameters
    ----------
    experiment, inputs, recommended, table
        The run, stage by stage.
    findings
        All findings of its audits.
    stopwatch
        The seconds of its phases.
    """
    now = datetime.datetime.now(datetime.UTC)
    return RunRecord(
        schema_version=SCHEMA_VERSION,
        name=experiment.name,
        created=now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        partial=_partial(experiment, inputs.prepared.split),
        experiment=ExperimentRecord.of(experiment.to_dict()),
        fingerprints=inputs.fingerprints,
        model_files=inputs.source.files,
        environment=environment(inputs.source.device),
        dataset=inputs.prepared.record(experiment),
        protocol=_protocol(experiment, inputs.task, recommended, table),
        metrics=table.values,
        slices=tuple(evaluation.slice_table(cut, table) for cut in table.slices),
        audits=findings,
        timings=_timings(stopwatch, recommended),
        expected=expectations(experiment, table),
    )


def expectations(experiment: Experiment, table: MetricTable) -> tuple[Expectation, ...]:
    """Return the expectations of an experiment, each compared with what was measured. They decide no number."""
    return tuple(
        Expectation(
            label=label,
            value=table[label].value,
            expected=expected.value,
            tolerance=expected.tolerance,
            met=abs(table[label].value - expected.value) <= expected.tolerance,
        )
        for label, expected in experiment.expected.items()
    )


def _partial(experiment: Experiment, split: Split) -> PartialRun | None:
    limit = experiment.runner.limit_users
    if limit is None or limit >= len(np.unique(split.part(experiment.evaluation.part).users)):
        return None
    return PartialRun(limit, f"Partial: measured on at most {limit} users (limit_users); not a result to report.")


def _protocol(
    experiment: Experiment, task: RecommendationTask, recommended: RunPredictions, table: MetricTable
) -> ProtocolRecord:
    rules, candidates = experiment.evaluation.rules, experiment.candidates
    return ProtocolRecord(
        part=experiment.evaluation.part,
        fit_on=None if experiment.model.fit is None else experiment.model.fit.on,
        history=task.history_parts,
        rolling=task.times is not None,
        candidates=CandidateRecord(
            items=candidates.items,
            exclude=candidates.exclude,
            count=task.history.n_items if task.candidates is None else int(task.candidates.sum()),
            **task.candidate_facts,
            sha256=candidates_digest(task),
        ),
        k=recommended.k,
        precision=None if recommended.job is None else recommended.job.options.precision,
        tie_order=_TREC if rules.ties == "trec_eval" else recommended.order,
        convention=experiment.evaluation.convention,
        **asdict(rules),
        users=len(table.users),
        lists=task.truth.n_users,
        relevant_items=len(task.truth.items),
        lists_shorter_than_k=recommended.short_lists,
        counts=dict(table.counts),
    )


def _timings(stopwatch: Stopwatch, recommended: RunPredictions) -> TimingRecord:
    phases = {name: round(seconds, 4) for name, seconds in stopwatch.seconds.items()}
    return replace(recommended.facts, phases=phases, total=round(sum(stopwatch.seconds.values()), 4))
