"""``harness score``: score a file of predictions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.app import app
from harness.cli.options import (
    Debug,
    Force,
    Format,
    Json,
    LimitUsers,
    Name,
    NoTrack,
    Out,
    Quiet,
    Set,
    format_of,
    load_experiments,
    overrides_of,
    refuse_overrides,
)
from harness.cli.printing import joined, print_output
from harness.cli.run_output import run_output

if TYPE_CHECKING:
    from harness.models import PredictionFile

_MEANINGS = ("user", "item", "score", "rank")  # of the columns of predictions


@app.command()
def score(
    predictions: Annotated[
        Path, typer.Argument(help="A table (parquet, CSV, TSV, …), or a TREC run (.run, .trec).", show_default=False)
    ],
    experiment: Annotated[
        str,
        typer.Option(
            metavar="FILE", help="The experiment with the data, split, candidates and metrics.", show_default=False
        ),
    ],
    name: Name = None,
    column: Annotated[
        list[str], typer.Option(metavar="MEANING=NAME", help="The name of a column, such as user=uid.")
    ] = [],
    file_format: Annotated[
        str,
        typer.Option("--file-format", help="auto (by name), csv, tsv, jsonl, inter, dat, parquet or trec."),
    ] = "auto",
    delimiter: Annotated[str | None, typer.Option(help="Of a text file, such as ';'.", show_default=False)] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail on problems that are otherwise counted and reported.")
    ] = False,
    set_: Set = [],
    out: Out = None,
    no_track: NoTrack = False,
    force: Force = False,
    limit_users: LimitUsers = None,
    form: Format = "table",
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Score a file of predictions of any program; no model is loaded, and torch is not needed."""
    form = format_of(form, as_json=as_json)
    overrides = overrides_of(set_, out=out, no_track=no_track, limit_users=limit_users)
    refuse_overrides(set_, ("model",), "describes the model, which the file of predictions replaces")
    refuse_overrides(set_, ("expected",), "applies to the experiment's own model, not to a file of predictions")
    loaded = load_experiments([experiment], overrides)

    from harness.pipeline import ScoreOptions
    from harness.pipeline import score as score_file

    file = _prediction_file(file_format, column, delimiter=delimiter, strict=strict)
    options = ScoreOptions(name=name, file=file, force=force, quiet=quiet)
    outputs = [run_output(score_file(predictions, each, options)) for each in loaded]
    print_output(form, outputs[0] if len(outputs) == 1 and form == "table" else joined(outputs))


def _prediction_file(form: str, columns: list[str], *, delimiter: str | None, strict: bool) -> PredictionFile:
    """Return the format of a file of predictions."""
    from harness.errors import HarnessError
    from harness.experiment import component_of

    named = {}
    for pair in columns:
        meaning, _, name = pair.partition("=")
        if meaning not in _MEANINGS or not name:
            raise HarnessError(
                f"--column is '{pair}'. Write what a column means and its name, such as --column user=uid. "
                f"The meanings are {', '.join(_MEANINGS)}."
            )
        named[meaning] = name
    if delimiter == "":
        raise HarnessError("--delimiter is empty. Give one or more characters, or leave it out.")
    options = {"format": form, "columns": named, "delimiter": delimiter, "strict": strict}
    file: PredictionFile = component_of("models", "predictions", options)
    return file
