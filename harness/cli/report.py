"""``harness report``: render the reports of finished runs again."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.app import app
from harness.cli.options import Debug, Out, Quiet, Set, overrides_of, refuse_overrides


@app.command()
def report(
    runs: Annotated[
        list[str], typer.Argument(help="Folders of finished runs, or their experiment files.", show_default=False)
    ],
    set_: Set = [],
    out: Out = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Render the reports of finished runs again.

    With an experiment file, --set takes name and report.directory, which say where its run is.
    """
    from harness.pipeline import render_again

    overrides = overrides_of(set_, out=out)
    for folder in [_folder_of(source, overrides) for source in runs]:
        typer.echo(render_again(folder))


def _folder_of(source: str, overrides: list[str]) -> Path:
    """Return the folder of a finished run; the source is that folder, or its experiment file."""
    from harness.errors import HarnessError
    from harness.experiment import Experiment, load_experiment, run_folder

    if Path(source).is_dir():
        if overrides:
            raise HarnessError(
                f"{source} is the folder of a finished run, and its report is written in it: --set and --out cannot "
                "change that. Leave them out."
            )
        return Path(source)
    others = {field.name for field in dataclasses.fields(Experiment)} - {"name", "report"}
    refuse_overrides(overrides, others, "does not say where the finished run is; `harness eval` runs it again")
    experiment = load_experiment(source, overrides)
    return run_folder(experiment.report, experiment.name)
