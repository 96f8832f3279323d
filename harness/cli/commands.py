"""The commands of runs and comparisons. They call the pipeline and print; slow imports are deferred."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.app import app
from harness.cli.options import (
    Debug,
    Device,
    Experiments,
    Force,
    Json,
    LimitUsers,
    NoTrack,
    Out,
    Quiet,
    Set,
    load_experiments,
    overrides_of,
    print_facts,
    print_rich,
    print_run,
    refuse_overrides,
)

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

    Ends with exit code 1 if a number misses what the experiment expects.
    """
    overrides = overrides_of(set_, device=device, out=out, no_track=no_track, limit_users=limit_users)
    loaded = load_experiments(experiments, overrides)

    from harness.pipeline import check_inputs, run

    check_inputs(*loaded)
    missed = False
    for experiment in loaded:
        result = run(experiment, force=force, quiet=quiet)
        print_run(result)
        missed = missed or bool(result.missed)
    if missed:
        raise typer.Exit(MISSED)


@app.command()
def fit(
    experiments: Experiments,
    set_: Set = [],
    device: Device = None,
    force: Force = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Make the checkpoints of reference models. A training that was interrupted goes on where it was."""
    loaded = load_experiments(experiments, overrides_of(set_, device=device))

    from harness.pipeline import check_inputs
    from harness.pipeline import fit as fit_checkpoint

    check_inputs(*loaded, refit=force)
    for experiment in loaded:
        fitted = fit_checkpoint(experiment, force=force, quiet=quiet)
        state = "is there already; --force fits it again" if fitted.was_there else "written"
        typer.echo(f"{fitted.path}: {state}")


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
    """Make lists alone, without metrics: predictions.parquet and target_ranks.parquet.

    They are kept, so that `harness eval` of the same experiment does not make them again.
    """
    loaded = load_experiments(experiments, overrides_of(set_, device=device, out=out, limit_users=limit_users))

    from harness.pipeline import check_inputs
    from harness.pipeline import predict as write_predictions

    check_inputs(*loaded)
    for experiment in loaded:
        typer.echo(write_predictions(experiment, force=force, quiet=quiet))


@app.command()
def compare(
    sources: Annotated[
        list[str],
        typer.Argument(help="A benchmark file, or experiment files and folders of finished runs.", show_default=False),
    ],
    baseline: Annotated[
        str | None, typer.Option(help="Name or file of the run to compare with; the first.", show_default=False)
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="Folder under <reports>/comparisons; else the benchmark's name, or the runs' names and a short hash.",
            show_default=False,
        ),
    ] = None,
    set_: Set = [],
    device: Device = None,
    out: Out = None,
    no_track: NoTrack = False,
    force: Force = False,
    limit_users: LimitUsers = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Test runs against a baseline; what is missing is run first.

    Finished runs take only keys of the comparison in --set: statistics, report and evaluation.primary.
    """
    overrides = overrides_of(set_, device=device, out=out, limit_users=limit_users)

    from harness.pipeline import Choices, compare_runs
    from harness.report import comparison_table

    choices = Choices(baseline=baseline, name=name, force=force, quiet=quiet, track=not no_track)
    result = compare_runs(sources, overrides=overrides, choices=choices)
    print_rich(comparison_table(result.comparison, [run.results for run in result.runs]))
    typer.echo(f"report  {result.folder / 'comparison.html'}")
    typer.echo(f"LaTeX   {result.folder / 'comparison.tex'}")


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

    For an experiment file, --set takes name and report.directory, which say where its run is.
    """
    from harness.pipeline import render_again

    overrides = overrides_of(set_, out=out)
    for folder in [_folder_of(source, overrides) for source in runs]:
        typer.echo(render_again(folder))


@app.command()
def metrics(
    name: Annotated[str | None, typer.Argument(help="The metric to explain.", show_default=False)] = None,
    conventions: Annotated[bool, typer.Option("--conventions", help="How other libraries define them.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """List the metrics, or explain one: definition, options, range, edge cases, reference."""
    from harness.experiment import CONVENTIONS
    from harness.metrics.metric_facts import all_metric_facts, metric_facts
    from harness.report import conventions_table, metric_page, metrics_table

    if conventions:
        known = {convention: dataclasses.asdict(facts) for convention, facts in CONVENTIONS.items()}
        print_facts(known, conventions_table, as_json=as_json)
    elif name is not None:
        print_facts(dataclasses.asdict(metric_facts(re.split(r"[@\[]", name)[0])), metric_page, as_json=as_json)
    else:
        print_facts([dataclasses.asdict(facts) for facts in all_metric_facts()], metrics_table, as_json=as_json)


@app.command()
def inspect(
    checkpoint: Annotated[Path, typer.Argument(help="A file of safetensors, or of torch.save.", show_default=False)],
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show what a checkpoint holds: names, shapes, types, parameters, sizes. Nothing in it is run.

    Parameters are the values of floating-point tensors; a state dict does not tell them from buffers.
    """
    from harness.models import inspect_checkpoint
    from harness.report import checkpoint_table

    print_facts(dataclasses.asdict(inspect_checkpoint(checkpoint)), checkpoint_table, as_json=as_json)


def _folder_of(source: str, overrides: list[str]) -> Path:
    """Return the folder of a finished run, given itself or by its experiment file."""
    from harness.errors import HarnessError
    from harness.experiment import Experiment, load_experiment, run_folder

    if Path(source).is_dir():
        if overrides:
            raise HarnessError(
                f"{source} is the folder of a finished run, and its report is written in it: nothing can be set by "
                "--set or --out. Leave them out."
            )
        return Path(source)
    others = {field.name for field in dataclasses.fields(Experiment)} - {"name", "report"}
    refuse_overrides(overrides, others, "does not say where the finished run is; `harness eval` runs it anew")
    experiment = load_experiment(source, overrides)
    return run_folder(experiment.report, experiment.name)
