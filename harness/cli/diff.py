"""``harness diff``: why two results differ."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.cli.app import app
from harness.cli.options import Debug, Format, Json, Quiet, format_of
from harness.cli.printing import Output, print_output


@app.command()
def diff(
    a: Annotated[str, typer.Argument(help="An experiment, the folder of a finished run, or mlflow:RUN-ID.")],
    b: Annotated[str, typer.Argument(help="The other one.")],
    metric: Annotated[
        str | None, typer.Option(help="A metric; else the primary one of each run.", show_default=False)
    ] = None,
    users: Annotated[int, typer.Option(min=0, help="Number of the most different users to show.")] = 3,
    no_rerun: Annotated[
        bool, typer.Option("--no-rerun", help="Make no lists again; measure only the stored ones.")
    ] = False,
    form: Format = "table",
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Explain why two results differ: facts, the share of each step from A to B, and the most different users.

    Each step exchanges one thing: users, relevant items, the definition of the metric, candidates, and the model. The
    changes of the steps sum to the difference.
    """
    form = format_of(form, as_json=as_json)

    from harness.pipeline import DiffOptions
    from harness.pipeline import diff as run_diff
    from harness.report import difference_rows, difference_text

    found = run_diff(a, b, DiffOptions(metric, users, rerun=not no_rerun, quiet=quiet))
    print_output(form, Output(difference_text(found), difference_rows(found), found))
