"""``harness sync``: send to MLflow what it does not have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.app import app
from harness.cli.options import Debug, Quiet


@app.command()
def sync(
    directory: Annotated[str, typer.Argument(metavar="DIR", help="Folder of the reports.")] = "reports",
    all_: Annotated[
        bool, typer.Option("--all", help="Send runs with tracking.enabled: false, and what was deleted in MLflow, too.")
    ] = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Send runs and comparisons to MLflow that it does not have yet, each of them once."""
    from harness.errors import HarnessError
    from harness.pipeline import sync as send

    result = send(Path(directory), everything=all_)
    for name in result.sent:
        typer.echo(f"sent    {name}")
    if result.there:
        typer.echo(f"there   {result.there} sent before")
    if result.deleted:
        typer.echo(f"left    {result.deleted} deleted in MLflow; --all sends them again")
    if result.disabled:
        typer.echo(f"left    {result.disabled} with tracking.enabled: false; --all sends them")
    if result.without_runs:
        what = "comparison" if result.without_runs == 1 else "comparisons"
        typer.echo(f"left    {result.without_runs} {what} whose runs are not in MLflow")
    if not result.sent:
        typer.echo("nothing to send")
    typer.echo(f"MLflow  {result.store}")
    if result.failed:
        raise HarnessError(f"{result.failed} could not be sent; the warnings above say why.")
