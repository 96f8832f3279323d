"""``harness fit``: make the checkpoints of reference models."""

from __future__ import annotations

import typer

from harness.cli.app import app
from harness.cli.options import Debug, Device, Experiments, Force, Quiet, Set, load_experiments, overrides_of


@app.command()
def fit(
    experiments: Experiments,
    set_: Set = [],
    device: Device = None,
    force: Force = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Make the checkpoints of reference models. An interrupted training resumes."""
    from harness.experiment import seed_experiments

    loaded = [
        one
        for experiment in load_experiments(experiments, overrides_of(set_, device=device))
        for one in seed_experiments(experiment)
    ]

    from harness.pipeline import check_inputs
    from harness.pipeline import fit as fit_checkpoint

    check_inputs(*loaded, refit=force)
    for experiment in loaded:
        fitted = fit_checkpoint(experiment, force=force, quiet=quiet)
        state = "exists already; --force fits it again" if fitted.was_there else "written"
        typer.echo(f"{fitted.path}: {state}")
