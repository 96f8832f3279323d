"""The commands. They parse, call the pipeline and print; imports that take time are deferred."""

from __future__ import annotations

import json
import logging
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from harness.experiment import Experiment
    from harness.pipeline import RunResult

logger = logging.getLogger("harness")

MISSED, WRONG_INPUT, INTERRUPTED = 1, 2, 130


class _Commands(TyperGroup):
    """The commands, with a user's mistake as one message rather than a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            typer.echo("harness: interrupted; what was finished is kept, the same command goes on.", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:
            from harness.errors import HarnessError

            if not isinstance(error, HarnessError):
                raise
            if logger.level == logging.DEBUG:
                traceback.print_exc()
            typer.echo(f"harness: {error}", err=True)
            raise typer.Exit(WRONG_INPUT) from None


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Data sets: list, fetch, describe, split.")
app.add_typer(data_app, name="data")


def _print_version(value: bool) -> bool:
    if value:
        from harness import __version__

        typer.echo(f"harness {__version__}")
        raise typer.Exit
    return value


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Evaluate and compare top-K recommenders offline: exact metrics, significance tests, MLflow, HTML reports."""


def _set_debug(value: bool) -> bool:
    if value:
        logger.setLevel(logging.DEBUG)
    return value


def _set_quiet(value: bool) -> bool:
    if value and logger.level != logging.DEBUG:
        logger.setLevel(logging.WARNING)
    return value


Experiments = Annotated[list[str], typer.Argument(help="Experiment files (YAML).", show_default=False)]
OneExperiment = Annotated[str, typer.Argument(help="An experiment file (YAML).", show_default=False)]
Set = Annotated[
    list[str],
    typer.Option("--set", metavar="KEY=VALUE", help="Override a key, such as model.params.l2=200. Repeatable."),
]
Device = Annotated[str | None, typer.Option(help="auto, cpu, cuda or cuda:N.", show_default=False)]
Out = Annotated[str | None, typer.Option(metavar="DIR", help="Folder of the reports.", show_default=False)]
NoTrack = Annotated[bool, typer.Option("--no-track", help="Do not write to MLflow.")]
Force = Annotated[bool, typer.Option("--force", help="Compute again, also what is there.")]
LimitUsers = Annotated[
    int | None, typer.Option(metavar="N", help="Only N users; stamped as partial.", show_default=False)
]
Quiet = Annotated[bool, typer.Option("--quiet", callback=_set_quiet, help="Warnings and results only.")]
Debug = Annotated[bool, typer.Option("--debug", callback=_set_debug, help="Show tracebacks.")]


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
    overrides = _overrides(set_, device=device, out=out, no_track=no_track, limit_users=limit_users)
    loaded = _load(experiments, overrides)

    from harness.pipeline import run

    missed = False
    for experiment in loaded:
        result = run(experiment, force=force, quiet=quiet)
        _print_run(experiment, result)
        missed = missed or bool(result.missed)
    if missed:
        raise typer.Exit(MISSED)


@app.command()
def fit(
    experiments: Experiments,
    set_: Set = [],
    force: Force = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Make the checkpoints of reference models."""
    loaded = _load(experiments, set_)

    from harness.pipeline import fit as fit_checkpoint

    for experiment in loaded:
        fitted = fit_checkpoint(experiment, force=force)
        state = "is there already; --force fits it again" if fitted.was_there else "written"
        typer.echo(f"{fitted.path}: {state}")


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
        str | None, typer.Option(help="Folder of the comparison under the reports.", show_default=False)
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
    """Test runs against a baseline; what is missing is run first."""
    overrides = _overrides(set_, device=device, out=out, no_track=no_track, limit_users=limit_users)

    from harness.pipeline import Choices, compare_runs
    from harness.report import comparison_table

    choices = Choices(baseline=baseline, name=name, force=force, quiet=quiet, track=not no_track)
    result = compare_runs(sources, overrides=overrides, choices=choices)
    _print_rich(comparison_table(result.comparison))
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
    """Render the reports of finished runs again."""
    from harness.experiment import load_experiment
    from harness.pipeline import render_again
    from harness.storage import inside

    for source in runs:
        folder = Path(source)
        if not folder.is_dir():
            experiment = load_experiment(source, _overrides(set_, out=out))
            folder = inside(Path(experiment.report.directory), experiment.name)
        typer.echo(render_again(folder))


@app.command()
def validate(
    experiments: Experiments,
    set_: Set = [],
    resolved: Annotated[bool, typer.Option("--resolved", help="Print the experiment with all defaults.")] = False,
    debug: Debug = False,
) -> None:
    """Check experiment and benchmark files without running them."""
    from harness.experiment import is_benchmark

    for path in experiments:
        loaded = _load([path], set_)
        kind = f"a benchmark of {len(loaded)} experiments" if is_benchmark(path) else f"experiment '{loaded[0].name}'"
        typer.echo("\n".join(experiment.to_yaml() for experiment in loaded) if resolved else f"{path}: {kind}, fine")


@data_app.command("list")
def data_list(debug: Debug = False) -> None:
    """List the data sets of the catalogue."""
    from harness.data import catalogue_table

    _print_rich(catalogue_table())


@data_app.command("fetch")
def data_fetch(
    names: Annotated[list[str], typer.Argument(help="Names of the catalogue.", show_default=False)],
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Download data sets of the catalogue into the cache, and check them."""
    from harness.data import fetch

    for name in names:
        typer.echo(f"{name}: {fetch(name)}")


@data_app.command("describe")
def data_describe(
    source: Annotated[
        str, typer.Argument(help="An experiment file (YAML), or a name of the catalogue.", show_default=False)
    ],
    set_: Set = [],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Show the statistics of a data set: of an experiment's raw, filtered and split, with audits."""
    from harness import registry
    from harness.pipeline import describe_dataset, describe_source
    from harness.report import facts_table

    if source in registry.names("sources"):
        facts = describe_source(source)
    else:
        facts = describe_dataset(_load([source], set_)[0])
    if as_json:
        typer.echo(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        _print_rich(facts_table(facts))


@data_app.command("split")
def data_split(
    experiment: OneExperiment,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the parts.", show_default=False)],
    set_: Set = [],
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write train, validation and test of an experiment as parquet, in the data set's own ids."""
    loaded = _load([experiment], set_)

    from harness.pipeline import write_split

    for path in write_split(loaded[0], out):
        typer.echo(path)


def _overrides(
    given: list[str],
    *,
    device: str | None = None,
    out: str | None = None,
    no_track: bool = False,
    limit_users: int | None = None,
) -> list[str]:
    """Return ``--set`` pairs, with those that the other flags stand for."""
    flags: dict[str, Any] = {"runner.device": device, "report.directory": out, "runner.limit_users": limit_users}
    if no_track:
        flags["tracking.enabled"] = False
    # JSON is YAML: a folder called "a: b" stays text.
    return [*given, *(f"{key}={json.dumps(value)}" for key, value in flags.items() if value is not None)]


def _load(paths: list[str], overrides: list[str]) -> list[Experiment]:
    """Return the experiments of files; a benchmark stands for all of its own."""
    from harness.experiment import is_benchmark, load_benchmark, load_experiment

    loaded: list[Experiment] = []
    for path in paths:
        if is_benchmark(path):
            loaded.extend(load_benchmark(path, overrides).experiments)
        else:
            loaded.append(load_experiment(path, overrides))
    return loaded


def _print_run(experiment: Experiment, result: RunResult) -> None:
    from harness.report import run_table

    _print_rich(run_table(dict(result.results)))
    if result.was_finished:
        typer.echo("This very run was finished before and is shown again; --force computes it anew.")
    typer.echo(f"report  {result.folder / 'report.html'}")
    if result.tracked is not None:
        typer.echo(f"MLflow  run {result.tracked.run_id} in {result.tracked.uri}")
    for row in result.missed:
        typer.echo(
            f"{experiment.name}: {row['label']} is {row['value']:.6f}, "
            f"expected {row['expected']:g} within {row['tolerance']:g}",
            err=True,
        )


def _print_rich(renderable: Any) -> None:
    from rich.console import Console

    # A pipe has no width; 80 columns would cut the tables.
    Console(width=None if sys.stdout.isatty() else 140, highlight=False).print(renderable)


def _on_sigterm(signum: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line and exit."""
    logger.handlers = [logging.StreamHandler(sys.stderr)]
    logger.propagate = False
    logger.setLevel(logging.INFO)
    signal.signal(signal.SIGTERM, _on_sigterm)
    app()
