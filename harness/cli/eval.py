"""``harness eval``: run experiments."""

from __future__ import annotations

import typer

from harness.cli.app import app
from harness.cli.options import (
    Debug,
    Device,
    Experiments,
    Force,
    LimitUsers,
    NoTrack,
    Out,
    Quiet,
    Set,
    load_experiments,
    overrides_of,
)
from harness.cli.printing import print_run, print_seeds

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
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Run experiments: data, model, top-K, metrics, MLflow, HTML report.

    An experiment with seeds is run with each of them. The exit code is 1 if a number misses what the experiment
    expects.
    """
    overrides = overrides_of(set_, device=device, out=out, no_track=no_track, limit_users=limit_users)
    loaded = load_experiments(experiments, overrides)

    from harness.experiment import seed_experiments
    from harness.pipeline import check_inputs, run, run_seeds

    check_inputs(*(one for experiment in loaded for one in seed_experiments(experiment)))
    missed = False
    for experiment in loaded:
        if experiment.seeds:
            print_seeds(run_seeds(experiment, force=force, quiet=quiet))
            continue
        result = run(experiment, force=force, quiet=quiet)
        print_run(result)
        missed = missed or bool(result.missed)
    if missed:
        raise typer.Exit(MISSED)
