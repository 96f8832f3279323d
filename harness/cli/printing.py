"""Print tables, JSON and results on stdout."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType

    from harness.pipeline import RunResult, SeedResult
    from harness.tracking import TrackedRun


def print_json(value: Any) -> None:
    """Print a frozen value as JSON."""
    from harness.artifacts import to_json

    text = json.dumps(to_json(value), indent=2, ensure_ascii=False, allow_nan=False)
    # Characters that a terminal would obey, and halves of surrogate pairs, stay escaped.
    typer.echo(re.sub("[\x7f-\x9f\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text))


def print_rich(renderable: RenderableType) -> None:
    """Print a table or another renderable of rich."""
    from rich.console import Console

    class Output(Console):
        def on_broken_pipe(self) -> NoReturn:  # rich would end the process with the exit code of a missed expectation
            raise BrokenPipeError

    # A pipe has no width; 80 columns would cut the tables.
    Output(width=None if sys.stdout.isatty() else 140, highlight=False).print(renderable)


def print_seeds(result: SeedResult) -> None:
    """Print the means over the seeds of an experiment, and where the reports of its runs are."""
    from harness.report import seed_table

    group = result.group
    rows = [
        (mean.label, mean.mean, mean.ci_low, mean.ci_high, mean.std_seeds, mean.seed_share) for mean in result.means
    ]
    print_rich(seed_table(f"{group.name}, {len(group.distinct)} of {len(group.seeds)} seeds", rows, group.findings))
    for run in group.runs:
        typer.echo(f"report  {run.folder / 'report.html'}")
    typer.echo(f"means   {result.folder / 'seeds.json'}")


def print_tracked(tracked: TrackedRun | None) -> None:
    """Print where a run or a comparison is in MLflow, and the address of the charts of its experiment."""
    if tracked is None:
        return
    typer.echo(f"MLflow  run {tracked.run_id} in {tracked.uri}")
    typer.echo(f"charts  {tracked.charts}{'' if tracked.is_served else ' (start `make ui` or `harness ui` first)'}")


def print_run(result: RunResult) -> None:
    """Print the metric table of a run, where its report is, and the expectations that it misses."""
    from harness.report import run_table

    print_rich(run_table(result.record))
    if result.was_finished:
        typer.echo("This run was finished before and is shown again; --force computes it again.")
    typer.echo(f"report  {result.folder / 'report.html'}")
    print_tracked(result.tracked)
    for row in result.missed:
        typer.echo(
            f"{result.record.name}: {row.label} is {row.value:.6f}, expected {row.expected:g} within {row.tolerance:g}",
            err=True,
        )
