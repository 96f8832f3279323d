"""``harness score`` and ``harness export``: lists of other programs taken in, and lists written for them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.app import app
from harness.cli.options import (
    Debug,
    Force,
    LimitUsers,
    NoTrack,
    Out,
    Quiet,
    Set,
    load_experiments,
    overrides_of,
    prediction_file,
    print_run,
    refuse_overrides,
)


@app.command()
def score(
    predictions: Annotated[
        Path, typer.Argument(help="A table (parquet, CSV, TSV, …), or a TREC run (.run, .trec).", show_default=False)
    ],
    experiment: Annotated[
        str, typer.Option(metavar="FILE", help="Whose data, split, candidates and metrics.", show_default=False)
    ],
    name: Annotated[str | None, typer.Option(help="Folder under the reports.", show_default=False)] = None,
    column: Annotated[
        list[str], typer.Option(metavar="MEANING=NAME", help="A column called otherwise, such as user=uid.")
    ] = [],
    form: Annotated[
        str, typer.Option("--format", help="auto (by the name), csv, tsv, jsonl, inter, dat, parquet or trec.")
    ] = "auto",
    delimiter: Annotated[str | None, typer.Option(help="Of a text file, such as ';'.", show_default=False)] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse what is otherwise counted and told.")] = False,
    set_: Set = [],
    out: Out = None,
    no_track: NoTrack = False,
    force: Force = False,
    limit_users: LimitUsers = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Score predictions that were made elsewhere; no model is loaded and no torch."""
    overrides = overrides_of(set_, out=out, no_track=no_track, limit_users=limit_users)
    refuse_overrides(set_, ("model",), "says how a model is made, and the file of predictions takes its place")
    refuse_overrides(set_, ("expected",), "holds for the experiment's own model, and not for a file of predictions")
    loaded = load_experiments([experiment], overrides)

    from harness.pipeline import ScoreOptions
    from harness.pipeline import score as score_file

    file = prediction_file(form, column, delimiter=delimiter, strict=strict)
    for each in loaded:
        print_run(score_file(predictions, each, ScoreOptions(name=name, file=file, force=force, quiet=quiet)))


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.", show_default=False)],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for run.trec, qrels.trec, ids.parquet.", show_default=False)
    ],
    debug: Debug = False,
) -> None:
    """Export the lists and relevant items of a finished run as TREC files, which trec_eval reads.

    Ids that such programs cannot read, such as those with spaces, are numbered; ids.parquet has them.
    """
    from harness.pipeline import export as export_run

    files = export_run(run, out)
    typer.echo(f"{files.run}\n{files.qrels}")
    if files.ids is not None:
        typer.echo(f"{files.ids}: the ids that the numbers in both stand for, since TREC files cannot hold all of them")
