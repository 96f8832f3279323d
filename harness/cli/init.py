"""``harness init``: write an experiment for a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.app import app
from harness.cli.options import Debug, TableFormatName


@app.command()
def init(
    table: Annotated[Path, typer.Argument(help="A table of interactions: parquet, CSV, TSV, …", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The experiment file; else the table's name with .yaml.", show_default=False),
    ] = None,
    user: Annotated[str | None, typer.Option(metavar="COLUMN", help="Column of users.", show_default=False)] = None,
    item: Annotated[str | None, typer.Option(metavar="COLUMN", help="Column of items.", show_default=False)] = None,
    timestamp: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column of times.", show_default=False)
    ] = None,
    rating: Annotated[str | None, typer.Option(metavar="COLUMN", help="Column of ratings.", show_default=False)] = None,
    delimiter: Annotated[str | None, typer.Option(help="Of a text file, such as ';'.", show_default=False)] = None,
    file_format: Annotated[
        TableFormatName | None,
        typer.Option("--file-format", help="Of TABLE; else its name decides.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    debug: Debug = False,
) -> None:
    """Write an experiment file for a table of interactions, ready to run.

    Columns are guessed by their names, and checked by their values. The split is proposed by the timestamps and their
    ties. The file and the output say what was guessed, and why.
    """
    from harness.pipeline import StarterOptions
    from harness.pipeline import init as write_starter
    from harness.report import clean

    given = {"user": user, "item": item, "timestamp": timestamp, "rating": rating}
    named = {meaning: column for meaning, column in given.items() if column is not None}
    found = write_starter(table, out, StarterOptions(named, delimiter, file_format, force=force))
    for guess in found.guesses:
        column = "none" if guess.column is None else f"'{guess.column}'"
        typer.echo(clean(f"{guess.meaning:<10} {column}: {guess.reason}"))
    typer.echo(f"split      {found.split.rule.kind}: {found.split.reason}")
    typer.echo(f"file       {found.path}")
    typer.echo(f"Next: harness validate {found.path}; harness eval {found.path}")
