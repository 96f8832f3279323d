"""The main job: data, split, model, top-K, metrics, report, tracking."""

from __future__ import annotations

import contextlib
import datetime
import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from harness.artifacts import MetricTable, RecommendationTask, Split
from harness.experiment import Experiment, as_experiment
from harness.pipeline.commands.validate import check_inputs
from harness.pipeline.run_folder import result_tables
from harness.pipeline.run_folder import results as stored
from harness.pipeline.run_folder.model_files import changed_files
from harness.pipeline.run_folder.run_folder import RunFolder, run_folder_of
from harness.pipeline.stages.data_audit import data_findings
from harness.pipeline.stages.environment import environment
from harness.pipeline.stages.fingerprints import fingerprints
from harness.pipeline.stages.measurement import measured_parts
from harness.pipeline.stages.preparation import PreparedData, prepare
from harness.pipeline.stages.publication import publish
from harness.pipeline.stages.recommendation import PredictionOptions, PredictionSource, RunPredictions, source_of
from harness.pipeline.stages.side_arrays import side_of
from harness.pipeline.stages.slice_metrics import slice_rows, sliced
from harness.pipeline.stages.task import candidates_digest, task_of
from harness.pipeline.stages.tie_audit import judgement_findings, tie_findings
from harness.pipeline.stages.timings import Phases

if TYPE_CHECKING:
    from harness.tracking import Tracked

logger = logging.getLogger("harness")

_TREC = "score descending in single precision, then item id as text, descending"


@dataclass(frozen=True, eq=False)
class RunResult:
    """A finished run.

    Parameters
    ----------
    folder
        ``reports/<name>``, with the files that a run leaves.
    results
        The content of ``results.json``.
    table
        The values, per user too.
    was_finished
        Whether nothing had to be computed, because the folder held this very run.
    tracked
        Where the run is in MLflow; None without tracking, or where the store did not answer.
    """

    folder: Path
    results: Mapping[str, Any]
    table: MetricTable
    was_finished: bool
    tracked: Tracked | None

    @property
    def missed(self) -> list[Mapping[str, Any]]:
        """The expectations of the experiment that the values do not meet."""
        return [row for row in self.results["expected"] if not row["met"]]


def run(experiment: Experiment | str | Path, *, force: bool = False, quiet: bool = False) -> RunResult:
    """Run an experiment to its report.

    A run that is finished already, with the same data, checkpoint, settings and code, is read back
    rather than computed. What the tracking store has not seen is sent.

    Parameters
    ----------
    experiment
        From ``load_experiment``, or the path of its file.
    force
        Compute again, also where the result is there. The checkpoint stays; ``fit`` makes it anew.
    quiet
        No progress.

    Raises
    ------
    HarnessError
        Something in the experiment, the data or the checkpoint is wrong.
    """
    experiment = as_experiment(experiment)
    check_inputs(experiment)
    with run_folder_of(experiment) as found:
        finished = _run(experiment, found, force=force, quiet=quiet)
        tracked = publish(experiment, finished.results, found.path) if experiment.tracking.enabled else None
    return RunResult(found.path, finished.results, finished.table, finished.was_finished, tracked)


@dataclass(frozen=True, eq=False)
class _Finished:
    results: Mapping[str, Any]
    table: MetricTable
    was_finished: bool


def predict(experiment: Experiment, *, force: bool = False, quiet: bool = False) -> Path:
    """Write the lists of an experiment, and the ranks of the relevant items, without measuring them.

    A finished run of another state of the experiment in that folder is a run no longer.

    Returns
    -------
    pathlib.Path
        ``predictions.parquet``.

    Raises
    ------
    HarnessError
        Something in the experiment, the data or the checkpoint is wrong.
    """
    check_inputs(experiment)
    with run_folder_of(experiment) as found:
        folder, asked = found.path, _asked(experiment, Phases(), quiet=quiet)
        if force or not stored.is_finished(folder, asked.keys):
            found.require_writable()
            how = PredictionOptions(asked.keys["predictions"], force=force, quiet=quiet)
            with asked.source.recommend(experiment, asked.prepared.split, asked.task, how) as recommended:
                _write_lists(folder, recommended, asked)
    return folder / stored.PREDICTIONS


@dataclass(frozen=True, eq=False)
class _Asked:
    """An experiment with its data, its model, and the fingerprints of what they will give."""

    prepared: PreparedData
    task: RecommendationTask
    source: PredictionSource
    keys: dict[str, str]


def _asked(experiment: Experiment, phases: Phases, *, quiet: bool) -> _Asked:
    with phases.measure("data"):
        prepared = prepare(experiment)
        task = task_of(experiment, prepared.split)
    start = time.perf_counter()
    source = source_of(experiment, prepared.split, quiet=quiet)
    phases.add("fit" if source.was_fitted else "load", time.perf_counter() - start)
    keys = fingerprints(
        experiment,
        data_sha256=prepared.source.digest,
        split_digest=prepared.split.digest,
        checkpoint_sha256=source.sha256,
        candidates_digest=candidates_digest(task),
        device=source.device,
    )
    return _Asked(prepared, task, source, keys)


def _write_lists(folder: Path, recommended: RunPredictions, asked: _Asked) -> None:
    """Write the lists of a run. Results that are there are removed first, as they are of other lists."""
    (folder / stored.RESULTS).unlink(missing_ok=True)
    task, items = asked.task, asked.prepared.split.interactions.item_ids
    result_tables.write_lists(folder, recommended.parts, task, items, rows=task.truth.n_users * recommended.k)


def _run(experiment: Experiment, found: RunFolder, *, force: bool, quiet: bool) -> _Finished:
    folder, phases = found.path, Phases()
    asked = _asked(experiment, phases, quiet=quiet)
    prepared, task, source, keys = asked.prepared, asked.task, asked.source, asked.keys
    if not force and stored.is_finished(folder, keys):
        return _read_back(experiment, found)
    found.require_writable()
    changed = changed_files(source.files, experiment, folder)

    with contextlib.ExitStack() as held:
        with phases.measure("predict"):
            how = PredictionOptions(keys["predictions"], force=force, quiet=quiet)
            recommended = held.enter_context(source.recommend(experiment, prepared.split, task, how))
        with phases.measure("evaluate"):
            side = side_of(experiment.metrics, task, prepared.split)
            table = measured_parts(experiment, recommended, task, side=side)
            slices = sliced(experiment, recommended, task, prepared.split, table)
            measured = (*tie_findings(experiment, recommended, task, table), *judgement_findings(task, table))
        with phases.measure("write"):
            _write_lists(folder, recommended, asked)
            result_tables.write_parquet(
                folder / stored.PER_USER, pa.Table.from_pandas(table.per_user, preserve_index=False)
            )
    results = {
        "schema_version": stored.SCHEMA_VERSION,
        "name": experiment.name,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "partial": _partial(experiment, prepared.split),
        "experiment": experiment.to_dict(),
        "fingerprints": keys,
        "model_files": dict(source.files),
        "environment": environment(source.device),
        "dataset": prepared.facts(experiment),
        "protocol": _protocol(experiment, task, recommended, table),
        "metrics": stored.metric_rows(table),
        "slices": slice_rows(slices),
        "audits": [
            *data_findings(experiment, prepared.split, task),
            *recommended.findings,
            *changed,
            *measured,
        ],
        "timings": _timings(phases, recommended),
    }
    results = _with_expectations(results, experiment, table)
    results = stored.write_run(folder, results, table.per_user, experiment=experiment.to_yaml())
    return _Finished(results, table, was_finished=False)


def _read_back(experiment: Experiment, found: RunFolder) -> _Finished:
    """Return a finished run; what decides no number, such as the primary metric, is brought up to date."""
    folder, earlier = found.path, stored.read_run(found.path)
    plain = experiment.to_dict()
    _keep_trial(plain["model"], earlier.results["experiment"]["model"], folder)
    results = _with_expectations({**earlier.results, "experiment": plain}, experiment, earlier.table)
    if not stored.is_described(folder, earlier.results) or results != earlier.results:
        if found.refusal is None:
            (folder / stored.RESULTS).unlink()
            results = stored.write_run(folder, results, earlier.table.per_user, experiment=experiment.to_yaml())
        else:
            logger.warning("%s can only be read: its report and results.json stay as they are", folder)
    return _Finished(results, earlier.table, was_finished=True)


def _keep_trial(model: dict[str, Any], earlier: Mapping[str, Any], folder: Path) -> None:
    """Put the trial that a finished run had in the place of the one that is asked for, which is not made."""
    if "trial" not in model or "trial" not in earlier or model["trial"] == earlier["trial"]:
        return
    logger.warning(
        "%s is a finished run, whose model was tried as model.trial said then; --force tries it again", folder
    )
    model["trial"] = earlier["trial"]


def _partial(experiment: Experiment, split: Split) -> dict[str, Any] | None:
    limit = experiment.runner.limit_users
    if limit is None or limit >= len(np.unique(split.part(experiment.evaluation.part).users)):
        return None
    sentence = f"Partial: measured on at most {limit} users (limit_users); not a result to report."
    return {"limit_users": limit, "sentence": sentence}


def _protocol(
    experiment: Experiment, task: RecommendationTask, recommended: RunPredictions, table: MetricTable
) -> dict[str, Any]:
    part = experiment.evaluation.part
    return {
        "part": part,
        "fit_on": None if experiment.model.fit is None else experiment.model.fit.on,
        "history": list(task.history_parts),
        "rolling": task.times is not None,
        "candidates": {
            "items": experiment.candidates.items,
            "exclude": experiment.candidates.exclude,
            "count": task.history.n_items if task.candidates is None else int(task.candidates.sum()),
            **task.candidate_facts,
            **({} if candidates_digest(task) is None else {"sha256": candidates_digest(task)}),
        },
        "k": recommended.k,
        "precision": None if recommended.job is None else recommended.job.options.precision,
        "tie_order": _TREC if experiment.evaluation.rules.ties == "trec_eval" else recommended.order,
        "convention": experiment.evaluation.convention,
        **asdict(experiment.evaluation.rules),
        "users": len(table.users),
        "lists": task.truth.n_users,
        "relevant_items": len(task.truth.items),
        "lists_shorter_than_k": recommended.short_lists,
        "counts": dict(table.counts),
    }


def _timings(phases: Phases, recommended: RunPredictions) -> dict[str, Any]:
    seconds = {name: round(value, 4) for name, value in phases.seconds.items()}
    return {"phases": seconds, "total": round(sum(phases.seconds.values()), 4), **recommended.facts}


def _with_expectations(results: Mapping[str, Any], experiment: Experiment, table: MetricTable) -> dict[str, Any]:
    """Return the results with the experiment's expectations judged; they decide no number."""
    rows = [
        {
            "label": label,
            "value": table[label].value,
            "expected": wanted.value,
            "tolerance": wanted.tolerance,
            "met": abs(table[label].value - wanted.value) <= wanted.tolerance,
        }
        for label, wanted in experiment.expected.items()
    ]
    return {**results, "expected": rows}
