"""``harness export``: write a finished run as files of TREC."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.app import app
from harness.cli.options import Debug


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.", show_default=False)],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for run.trec, qrels.trec, ids.parquet.", show_default=False)
    ],
    debug: Debug = False,
) -> None:
    """Export the lists and relevant items of a finished run as TREC files, which trec_eval reads.

    Ids that such programs cannot read, such as those with spaces, are replaced by numbers; ids.parquet has both.
    """
    from harness.pipeline import export as export_run

    files = export_run(run, out)
    typer.echo(f"{files.run}\n{files.qrels}")
    if files.ids is not None:
        typer.echo(f"{files.ids}: the ids behind the numbers in both files, since TREC files cannot hold all ids")
