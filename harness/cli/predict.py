"""``harness predict``: write predictions without metrics."""

from __future__ import annotations

import typer

from harness.cli.app import app
from harness.cli.options import (
    Debug,
    Device,
    Experiments,
    Force,
    LimitUsers,
    Out,
    Quiet,
    Set,
    load_experiments,
    overrides_of,
)


@app.command()
def predict(
    experiments: Experiments,
    set_: Set = [],
    device: Device = None,
    out: Out = None,
    force: Force = False,
    limit_users: LimitUsers = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write predictions without metrics: predictions.parquet and target_ranks.parquet.

    They are cached, so that `harness eval` of the same experiment does not make them again.
    """
    loaded = load_experiments(experiments, overrides_of(set_, device=device, out=out, limit_users=limit_users))

    from harness.pipeline import check_inputs
    from harness.pipeline import predict as write_predictions

    check_inputs(*loaded)
    for experiment in loaded:
        typer.echo(write_predictions(experiment, force=force, quiet=quiet))
