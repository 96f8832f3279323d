"""``harness compare``: test runs against a baseline."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from harness.cli.app import app
from harness.cli.options import (
    Debug,
    Device,
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
    overrides_of,
)
from harness.cli.printing import Output, print_output, tracked_lines


@app.command()
def compare(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="A benchmark file; or experiment files, folders of finished runs, and mlflow:RUN-ID.",
            show_default=False,
        ),
    ],
    baseline: Annotated[
        str | None,
        typer.Option(help="Name or file of the run to compare with; else the first.", show_default=False),
    ] = None,
    name: Name = None,
    robustness: Annotated[
        bool,
        typer.Option(
            "--robustness",
            help="Judge the differences under other cutoffs, ties, conventions, tests, corrections and units, too.",
        ),
    ] = False,
    swap_lists: Annotated[
        bool,
        typer.Option("--swap-lists", help="Test coverage and other metrics over all lists by swapping whole lists."),
    ] = False,
    set_: Set = [],
    device: Device = None,
    out: Out = None,
    no_track: NoTrack = False,
    force: Force = False,
    limit_users: LimitUsers = None,
    form: Format = "table",
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Test runs against a baseline; experiments without a finished run are run first.

    With finished runs, --set takes only keys of the comparison: statistics, report and evaluation.primary.
    """
    form = format_of(form, as_json=as_json)
    overrides = overrides_of(set_, device=device, out=out, limit_users=limit_users)

    from harness.pipeline import ComparisonOptions, compare_runs
    from harness.report import comparison_rows, comparison_table

    options = ComparisonOptions(
        baseline,
        name,
        force=force,
        quiet=quiet,
        track=not no_track,
        robustness=robustness,
        swap_lists=swap_lists,
    )
    result = compare_runs(sources, overrides=overrides, options=options)
    records = [run.record for run in result.runs]
    notes = [
        f"report  {result.folder / 'comparison.html'}",
        f"LaTeX   {result.folder / 'comparison.tex'}",
        *tracked_lines(result.tracked),
    ]
    output = Output(
        comparison_table(result.comparison, records, result.robustness),
        comparison_rows(result.comparison),
        json.loads((result.folder / "comparison.json").read_bytes()),
        notes,
    )
    print_output(form, output)
