"""Predictions made elsewhere scored as one of our runs, and our runs written for programs elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from harness import data, storage
from harness.errors import CheckpointError, HarnessError
from harness.models import PredictionFile
from harness.pipeline.commands.run import RunResult, run
from harness.pipeline.run_folder import results as stored
from harness.storage.table_formats import TableFormat

if TYPE_CHECKING:
    from harness.experiment import Experiment


# What messages name in the place of the keys of an experiment.
_FLAGS = data.TableKeys(
    "the path of the predictions",
    delimiter="--delimiter",
    form="--format",
    column="--column {}=NAME",
    formats=(*get_args(TableFormat), "trec"),
)


@dataclass(frozen=True)
class ScoreOptions:
    """How to score a file of predictions.

    Parameters
    ----------
    name
        Of the run; None for that of the experiment with the file's name in the place of its last word.
    file
        How the file is read.
    force, quiet
        As for ``run``.
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
        The file cannot be read, has nobody of those who are asked for, or its run would take the folder
        of another file's.
    """
    if not path.exists():
        raise CheckpointError(f"the predictions {path} do not exist. Name their file.")
    scored = scored_experiment(path, experiment, options)
    # Before the data is read, and with the flags in messages that an experiment has keys for.
    named = options.file.columns.named
    data.open_predictions(path, form=options.file.format, columns=named, delimiter=options.file.delimiter, keys=_FLAGS)
    if options.name is None:
        _refuse_others_folder(scored)
    return run(scored, force=options.force, quiet=options.quiet)


def _refuse_others_folder(scored: Experiment) -> None:
    """Raise where a name that was made of the file's holds the run of another file."""
    folder = storage.inside(Path(scored.report.directory), scored.name)
    if not (folder / stored.RESULTS).exists():
        return
    try:
        theirs = stored.read_results(folder)["experiment"]["model"]["checkpoint"]
    except HarnessError as error:
        raise HarnessError(f"{error} Or keep both by a name of its own, such as --name {scored.name}-2.") from error
    if theirs is None or Path(theirs).resolve() != Path(str(scored.model.checkpoint)).resolve():
        raise HarnessError(
            f"{folder} holds the run of {theirs}. Keep both by a name of its own, such as --name {scored.name}-2, or "
            f"replace it by --name {scored.name}."
        )


def scored_experiment(path: Path, experiment: Experiment, options: ScoreOptions) -> Experiment:
    """Return the experiment with the file in the place of its model.

    Raises
    ------
    HarnessError
        The name leads out of the folder of reports.
    """
    from harness.experiment import ModelSettings, run_folder

    model = ModelSettings(kind="predictions", checkpoint=str(path), params=options.file)
    name = _name(path, experiment.name) if options.name is None else options.name
    run_folder(experiment.report, name)
    # What the experiment expects is of its own model.
    return replace(experiment, name=name, model=model, expected={})


def _name(path: Path, name: str) -> str:
    folder, _, last = name.rpartition("/")
    word = path.name.split(".")[0] or last
    word = f"{word}-predictions" if word == last else word
    return f"{folder}/{word}" if folder else word


_RELEVANT = ("user", "item")
_LISTED = (*_RELEVANT, "rank")


def _fault_in(table: pa.Table, columns: tuple[str, ...]) -> str | None:
    """Return what is wrong with a table of a run that is exported, or None."""
    for name in columns:
        if table.column_names.count(name) != 1:
            return f"it has no column '{name}'"
        column = table.column(name)
        kind = column.type
        is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        if column.null_count or not (pa.types.is_integer(kind) or (is_text and name != "rank")):
            return f"its column '{name}' holds {kind}, or lacks values"
    return None


def export(folder: Path, out: Path) -> data.TrecFiles:
    """Write a finished run's lists and relevant items as files of TREC.

    Raises
    ------
    HarnessError
        The folder holds no finished run, or its files are damaged or not those that the run wrote.
    """
    results = stored.read_results(folder)
    if results["protocol"].get("rolling"):
        raise HarnessError(f"{folder} has a list a moment (rolling history), and the format of TREC one a user.")
    stored.check_files(folder, results, [stored.PREDICTIONS, stored.TARGET_RANKS])
    try:
        predictions = pq.read_table(folder / stored.PREDICTIONS)
        relevant = pq.read_table(folder / stored.TARGET_RANKS, columns=["user", "item"])
    except (OSError, UnicodeError, pa.ArrowException) as error:
        raise HarnessError(f"{folder} is not whole: {error}. Run the experiment again with --force.") from error
    for name, table, columns in (
        (stored.PREDICTIONS, predictions, _LISTED),
        (stored.TARGET_RANKS, relevant, _RELEVANT),
    ):
        fault = _fault_in(table, columns)
        if fault is not None:
            raise HarnessError(f"{folder / name} is damaged: {fault}. Run the experiment again with --force.")
    return data.write_trec(predictions, relevant, out, tag=str(results["name"]).replace("/", "."))
