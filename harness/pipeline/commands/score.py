"""Score a file of predictions as a run: ``harness score``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from harness import data, storage
from harness.errors import CheckpointError, HarnessError
from harness.models import PredictionFile
from harness.pipeline.commands.eval import RunResult, run
from harness.pipeline.run_folder.record_file import RESULTS, read_record
from harness.storage.table_formats import TableFormat

if TYPE_CHECKING:
    from harness.experiment import Experiment


# Messages name these flags rather than the keys of an experiment.
_FLAGS = data.TableKeys(
    "the path of the predictions",
    delimiter="--delimiter",
    form="--file-format",
    column="--column {}=NAME",
    formats=(*get_args(TableFormat), "trec"),
)


@dataclass(frozen=True)
class ScoreOptions:
    """How to score a file of predictions.

    Parameters
    ----------
    name
        Name of the run. None for the name of the experiment, with the name of the file as its last word.
    file
        The format of the file.
    force, quiet
        As in ``run``.
    """

    name: str | None = None
    file: PredictionFile = field(default_factory=PredictionFile)
    force: bool = False
    quiet: bool = False


def score(path: Path, experiment: Experiment, options: ScoreOptions) -> RunResult:
    """Score a file of predictions with the data, split, candidates and metrics of an experiment.

    Raises
    ------
    HarnessError
        The file cannot be read, has none of the users of the task, or its run would replace that of another file.
    """
    if not path.exists():
        raise CheckpointError(f"the predictions {path} do not exist. Name their file.")
    scored = scored_experiment(path, experiment, options)
    # Check the file before the data is read; messages then name flags rather than keys of an experiment.
    named = options.file.columns.named
    data.open_predictions(path, form=options.file.format, columns=named, delimiter=options.file.delimiter, keys=_FLAGS)
    if options.name is None:
        _refuse_folder_of_other_file(scored)
    return run(scored, force=options.force, quiet=options.quiet)


def _refuse_folder_of_other_file(scored: Experiment) -> None:
    """Raise an error where the folder of a default name holds the run of another file."""
    folder = storage.inside(Path(scored.report.directory), scored.name)
    if not (folder / RESULTS).exists():
        return
    try:
        other = read_record(folder).experiment.model.checkpoint
    except HarnessError as error:
        raise HarnessError(f"{error} Or keep both runs by another name, such as --name {scored.name}-2.") from error
    if other is None or Path(other).resolve() != Path(str(scored.model.checkpoint)).resolve():
        raise HarnessError(
            f"{folder} holds the run of {other}. Keep both runs by another name, such as --name {scored.name}-2, or "
            f"replace the run by --name {scored.name}."
        )


def scored_experiment(path: Path, experiment: Experiment, options: ScoreOptions) -> Experiment:
    """Return an experiment with a file of predictions as its model.

    Raises
    ------
    HarnessError
        The name leads out of the folder of the reports.
    """
    from harness.experiment import ModelSettings, run_folder

    model = ModelSettings(kind="predictions", checkpoint=str(path), params=options.file)
    name = _name(path, experiment.name) if options.name is None else options.name
    run_folder(experiment.report, name)
    # The expected values and the seeds are those of the experiment's own model.
    return replace(experiment, name=name, model=model, expected={}, seeds=())


def _name(path: Path, name: str) -> str:
    folder, _, last = name.rpartition("/")
    word = path.name.split(".")[0] or last
    word = f"{word}-predictions" if word == last else word
    return f"{folder}/{word}" if folder else word
