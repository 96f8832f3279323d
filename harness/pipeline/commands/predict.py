"""Write the lists of an experiment without measuring them: ``harness predict``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.pipeline.commands.validate import check_inputs
from harness.pipeline.run_folder import result_tables
from harness.pipeline.run_folder import run_files as stored
from harness.pipeline.run_folder.record_file import RESULTS
from harness.pipeline.run_folder.run_folder import run_folder_of
from harness.pipeline.stages.prediction_options import PredictionOptions
from harness.pipeline.stages.recommendation import RunPredictions
from harness.pipeline.stages.run_inputs import RunInputs, inputs_of
from harness.pipeline.stages.timings import Stopwatch

if TYPE_CHECKING:
    from harness.experiment import Experiment


def predict(experiment: Experiment, *, force: bool = False, quiet: bool = False) -> Path:
    """Write the lists of an experiment, and the ranks of the relevant items, without measuring them.

    A finished run of another state of the experiment in the same folder loses its ``results.json``.

    Parameters
    ----------
    experiment
        From ``load_experiment``.
    force
        Make the lists even where they are cached.
    quiet
        Show no progress.

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
    with run_folder_of(experiment) as folder:
        inputs = inputs_of(experiment, Stopwatch(), quiet=quiet)
        if force or not stored.is_finished(folder.path, inputs.fingerprints):
            folder.require_writable()
            options = PredictionOptions(inputs.fingerprints["predictions"], force=force, quiet=quiet)
            with inputs.source.recommend(experiment, inputs.prepared.split, inputs.task, options) as recommended:
                write_predictions(folder.path, recommended, inputs)
    return folder.path / stored.PREDICTIONS


def write_predictions(folder: Path, recommended: RunPredictions, inputs: RunInputs) -> None:
    """Write the lists of a run. The ``results.json`` of other lists is removed first."""
    (folder / RESULTS).unlink(missing_ok=True)
    task, items = inputs.task, inputs.prepared.split.interactions.item_ids
    result_tables.write_lists(folder, recommended.parts, task, items, rows=task.truth.n_users * recommended.k)
