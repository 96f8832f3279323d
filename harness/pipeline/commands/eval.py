"""Run an experiment to its report: ``harness eval``."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from harness.artifacts import Expectation, ExperimentRecord, MetricTable, RunRecord, to_json
from harness.experiment import Experiment, as_experiment
from harness.pipeline.commands.predict import write_predictions
from harness.pipeline.commands.validate import check_inputs
from harness.pipeline.run_folder import result_tables
from harness.pipeline.run_folder import run_files as stored
from harness.pipeline.run_folder.contribution_tables import write_contributions
from harness.pipeline.run_folder.example_files import write_examples
from harness.pipeline.run_folder.model_files import changed_files
from harness.pipeline.run_folder.result_index import INDEX, write_index
from harness.pipeline.run_folder.run_folder import RunFolder, run_folder_of
from harness.pipeline.run_folder.slice_tables import write_slices
from harness.pipeline.run_folder.title_file import write_titles
from harness.pipeline.stages.data_audit import data_findings
from harness.pipeline.stages.example_selection import DEFAULT_CUTOFF, check_named_users, example_users
from harness.pipeline.stages.list_composition import list_profile
from harness.pipeline.stages.measurement import measured_parts
from harness.pipeline.stages.prediction_options import PredictionOptions
from harness.pipeline.stages.publication import publish
from harness.pipeline.stages.recording import expectations, record_of_run
from harness.pipeline.stages.run_inputs import RunInputs, inputs_of
from harness.pipeline.stages.side_arrays import side_of
from harness.pipeline.stages.slice_metrics import sliced
from harness.pipeline.stages.tie_audit import judgement_findings, tie_findings
from harness.pipeline.stages.timings import Stopwatch
from harness.report.notebooks.notebook_html import run_html

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from harness.tracking import TrackedRun

logger = logging.getLogger("harness")


@dataclass(frozen=True, eq=False)
class RunResult:
    """A finished run.

    Parameters
    ----------
    folder
        ``reports/<name>``, with the files of the run.
    record
        The content of ``results.json``, as a value with attributes.
    table
        The values, per user too.
    was_finished
        Whether nothing had to be computed, because the folder held this very run.
    tracked
        Where the run is in MLflow; None without tracking, or where the store did not answer.
    """

    folder: Path
    record: RunRecord
    table: MetricTable
    was_finished: bool
    tracked: TrackedRun | None = None

    def __repr__(self) -> str:
        return f"RunResult({self.record.name!r}, {self.record.headline}, {str(self.folder)!r})"

    def _repr_html_(self) -> str:
        return run_html(self.record, self.folder, self.folder / stored.REPORT)

    def plot(self, kind: Literal["curves", "distribution"] = "curves", *, metric: str | None = None) -> Figure:
        """Draw the values, as ``MetricTable.plot``; by default those of the primary metric."""
        headline = self.record.headline
        return self.table.plot(kind, metric=headline.label if metric is None and headline is not None else metric)

    @property
    def results(self) -> dict[str, Any]:
        """The content of ``results.json`` as dictionaries, lists and scalars."""
        plain: dict[str, Any] = to_json(self.record)
        return plain

    @property
    def missed(self) -> list[Expectation]:
        """The expectations of the experiment that the values do not meet."""
        return [row for row in self.record.expected if not row.met]


def run(experiment: Experiment | str | Path, *, force: bool = False, quiet: bool = False) -> RunResult:
    """Run an experiment to its report, without Python warnings; see ``harness.run`` for the parameters."""
    experiment = as_experiment(experiment)
    check_inputs(experiment)
    with run_folder_of(experiment) as folder:
        stopwatch = Stopwatch()
        inputs = inputs_of(experiment, stopwatch, quiet=quiet)
        check_named_users(experiment, inputs.task)
        if not force and stored.is_finished(folder.path, inputs.fingerprints):
            result = _read_back(experiment, inputs, folder)
        else:
            folder.require_writable()
            options = PredictionOptions(inputs.fingerprints["predictions"], force=force, quiet=quiet)
            result = _computed(experiment, inputs, folder.path, stopwatch, options)
        directory = Path(experiment.report.directory)
        if not result.was_finished or not (directory / INDEX).exists():
            write_index(directory)
        if not experiment.tracking.enabled:
            return result
        return replace(result, tracked=publish(experiment, result.record, folder.path))


def _computed(
    experiment: Experiment, inputs: RunInputs, folder: Path, stopwatch: Stopwatch, options: PredictionOptions
) -> RunResult:
    """Compute a run and write its files."""
    split, task = inputs.prepared.split, inputs.task
    changed = changed_files(inputs.source.files, experiment, folder)
    with contextlib.ExitStack() as held:
        with stopwatch.measure("predict"):
            recommended = held.enter_context(inputs.source.recommend(experiment, split, task, options))
        with stopwatch.measure("evaluate"):
            side = side_of(experiment.metrics, task, split)
            table = measured_parts(experiment, recommended, task, side=side, by_item=True)
            table = replace(table, slices=sliced(experiment, recommended, task, split, table))
            profile = list_profile(recommended, task, split, k=table[experiment.primary].k or DEFAULT_CUTOFF)
            measured = (*tie_findings(experiment, recommended, task, table), *judgement_findings(task, table))
        with stopwatch.measure("write"):
            write_predictions(folder, recommended, inputs)
            result_tables.write_parquet(
                folder / stored.PER_USER, pa.Table.from_pandas(table.per_user, preserve_index=False)
            )
            write_contributions(folder, table)
            write_slices(folder, table)
            write_titles(folder, split.interactions)
            examples = example_users(
                experiment, folder, task, split.interactions, table, explainer=inputs.source.explainer(experiment, task)
            )
            write_examples(folder, examples)
    findings = (*data_findings(experiment, split, task), *recommended.findings, *changed, *measured)
    record = record_of_run(experiment, inputs, recommended, table, findings=findings, stopwatch=stopwatch)
    record = replace(record, profile=profile)
    record = stored.write_run(folder, record, table.per_user, examples, experiment=experiment.to_yaml())
    return RunResult(folder, record, table, was_finished=False)


def _read_back(experiment: Experiment, inputs: RunInputs, folder: RunFolder) -> RunResult:
    """Return a finished run; settings that decide no number, such as the primary metric, are brought up to date."""
    earlier = stored.read_run(folder.path)
    now = _with_earlier_trial(ExperimentRecord.of(experiment.to_dict()), earlier)
    record = replace(earlier.record, experiment=now, expected=expectations(experiment, earlier.table))
    changed = (record.experiment, record.expected) != (earlier.record.experiment, earlier.record.expected)
    if not stored.is_described(folder.path, earlier.record) or changed:
        if folder.refusal is None:
            rows, task = inputs.prepared.split.interactions, inputs.task
            explainer = inputs.source.explainer(experiment, task)
            examples = example_users(experiment, folder.path, task, rows, earlier.table, explainer=explainer)
            write_examples(folder.path, examples)
            earlier = replace(earlier, examples=examples)
            record = stored.update_run(earlier, record, experiment=experiment.to_yaml())
        else:
            logger.warning("%s can only be read: its report and results.json stay as they are", folder.path)
    return RunResult(folder.path, record, earlier.table, was_finished=True)


def _with_earlier_trial(now: ExperimentRecord, earlier: stored.StoredRun) -> ExperimentRecord:
    """Return an experiment with the trial of its finished run, since no other trial is made."""
    trial = earlier.record.experiment.model.trial
    if now.model.trial == trial:
        return now
    logger.warning(
        "%s is a finished run, whose model was tried as model.trial said then; --force tries it again", earlier.folder
    )
    model = now.resolved["model"]
    assert isinstance(model, dict)  # noqa: S101  (a section)
    return ExperimentRecord.of({**now.resolved, "model": {**model, "trial": trial}})
