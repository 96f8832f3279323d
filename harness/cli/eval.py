"""``harness eval``: run experiments."""

from __future__ import annotations

import typer

from harness.cli.app import app
from harness.cli.options import (
    Debug,
    Device,
    Experiments,
    Force,
    Format,
    Json,
    LimitUsers,
    NoTrack,
    Out,
    Quiet,
    Set,
    format_of,
    load_experiments,
    overrides_of,
)
from harness.cli.printing import joined, print_output
from harness.cli.run_output import missed_lines, run_output, seed_output

MISSED = 1


@app.command("eval")
def eval_(
    experiments: Experiments,
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
    """Run experiments: data, model, top-K, metrics, MLflow, HTML report.

    An experiment with seeds is run with each of them. The exit code is 1 if a number misses what the experiment
    expects.
    """
    form = format_of(form, as_json=as_json)
    overrides = overrides_of(set_, device=device, out=out, no_track=no_track, limit_users=limit_users)
    loaded = load_experiments(experiments, overrides)

    from harness.experiment import seed_experiments
    from harness.pipeline import check_inputs, run, run_seeds

    check_inputs(*(one for experiment in loaded for one in seed_experiments(experiment)))
    missed: list[str] = []
    outputs = []
    for experiment in loaded:
        if experiment.seeds:
            output = seed_output(run_seeds(experiment, force=force, quiet=quiet))
        else:
            result = run(experiment, force=force, quiet=quiet)
            output = run_output(result)
            missed += missed_lines(result)
        if form == "table":  # a table shows each run when it is finished; other formats hold all runs
            print_output(form, output)
        outputs.append(output)
    if form != "table":
        print_output(form, joined(outputs))
    for line in missed:
        typer.echo(line, err=True)
    if missed:
        raise typer.Exit(MISSED)
