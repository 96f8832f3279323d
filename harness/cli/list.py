"""``harness list``: list the runs and comparisons of a folder."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.cli.app import app
from harness.cli.options import Debug, Format, Json, format_of
from harness.cli.printing import Output, print_output


@app.command("list")
def list_(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Folder of the reports.")] = "reports",
    form: Format = "table",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """List the runs and comparisons in a folder of reports, the newest first."""
    from pathlib import Path

    from harness.pipeline import list_results
    from harness.report import result_rows, result_tables

    found = list_results(Path(folder))
    page = Path(folder) / "index.html"
    notes = [f"page    {page}"] if page.is_file() else []
    output = Output(result_tables(found), result_rows(found), found, notes)
    print_output(format_of(form, as_json=as_json), output)
