"""``harness freeze``: record the settings of a benchmark in a dated file before its test part is evaluated."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.app import app
from harness.cli.options import Debug, NoTrack


@app.command()
def freeze(
    benchmark: Annotated[Path, typer.Argument(help="A benchmark file.", show_default=False)],
    effect: Annotated[
        float | None,
        typer.Option(
            help="The planned effect in the unit of the primary metric, from validation: see harness power.",
            show_default=False,
        ),
    ] = None,
    no_track: NoTrack = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a protocol that was frozen before.")] = False,
    debug: Debug = False,
) -> None:
    """Record the settings of a benchmark, with a date, in BENCHMARK.frozen.json.

    The file holds data, split, candidates, metrics, models, primary metric, statistics and margin, and the number of
    evaluations of the test part that are on record. Later comparisons say when the protocol was frozen; one with
    another protocol is stamped exploratory. --force replaces an earlier file.
    """
    from harness.pipeline import freeze as run_freeze
    from harness.pipeline.commands.freeze import frozen_path

    frozen = run_freeze(benchmark, effect=effect, force=force, ask_store=not no_track)
    typer.echo(f"{frozen.benchmark}: {frozen.moment}")
    typer.echo(f"sha256 {frozen.digest}")
    typer.echo(f"file   {frozen_path(benchmark)}")
