"""What the commands share: options, experiments from arguments, and printing."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Container
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from harness.experiment import Experiment
    from harness.pipeline import RunResult

logger = logging.getLogger("harness")


def _set_debug(value: bool) -> bool:
    if value:
        logger.setLevel(logging.DEBUG)
    return value


def _set_quiet(value: bool) -> bool:
    if value and logger.level != logging.DEBUG:
        logger.setLevel(logging.WARNING)
    return value


OF_A_BENCHMARK = frozenset({"name", "baseline", "primary"})  # what only a comparison reads

Experiments = Annotated[list[str], typer.Argument(help="Experiment files (YAML).", show_default=False)]
OneExperiment = Annotated[str, typer.Argument(help="An experiment file (YAML).", show_default=False)]
Set = Annotated[
    list[str],
    typer.Option("--set", metavar="KEY=VALUE", help="Override a key, such as model.params.l2=200. Repeatable."),
]
Device = Annotated[str | None, typer.Option(help="auto, cpu, cuda or cuda:N.", show_default=False)]
Out = Annotated[str | None, typer.Option(metavar="DIR", help="Folder of the reports.", show_default=False)]
NoTrack = Annotated[bool, typer.Option("--no-track", help="Do not write to MLflow.")]
Force = Annotated[bool, typer.Option("--force", help="Compute again what is there; checkpoints by fit alone.")]
LimitUsers = Annotated[
    int | None, typer.Option(metavar="N", help="Only N users; stamped as partial.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", callback=_set_quiet, help="Warnings and results only.")]
Debug = Annotated[bool, typer.Option("--debug", callback=_set_debug, help="Show tracebacks.")]


def overrides_of(
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


def load_experiments(paths: list[str], overrides: list[str]) -> list[Experiment]:
    """Return the experiments of files; a benchmark stands for all of its own."""
    from harness.experiment import is_benchmark, load_benchmark, load_experiment

    loaded: list[Experiment] = []
    for path in paths:
        if is_benchmark(path):
            refuse_overrides(
                overrides, OF_A_BENCHMARK, "is a key of the benchmark, and this command reads only its experiments"
            )
            loaded.extend(load_benchmark(path, overrides).experiments)
        else:
            loaded.append(load_experiment(path, overrides))
    return loaded


def refuse_overrides(overrides: list[str], sections: Container[str], reason: str) -> None:
    """Refuse overrides that a command would ignore.

    Parameters
    ----------
    overrides
        ``a.b=value``.
    sections
        The first words of the keys that are refused.
    reason
        Follows the key in the message.

    Raises
    ------
    HarnessError
        One of them is given.
    """
    from harness.errors import HarnessError
    from harness.experiment import override_keys

    for override in overrides:
        keys = override_keys(override)
        if keys[0] in sections:
            raise HarnessError(f"--set {override}: {'.'.join(keys)} {reason}. Leave it out.")


_MEANINGS = ("user", "item", "score", "rank")  # of the columns of predictions


def prediction_file(form: str, columns: list[str], *, delimiter: str | None, strict: bool) -> Any:
    """Return how a file of predictions is read."""
    from harness.errors import HarnessError
    from harness.experiment import component_of

    named = {}
    for pair in columns:
        meaning, _, name = pair.partition("=")
        if meaning not in _MEANINGS or not name:
            raise HarnessError(
                f"--column is '{pair}'. Write what a column means and its name, such as --column user=uid. "
                f"The meanings are {', '.join(_MEANINGS)}."
            )
        named[meaning] = name
    if delimiter == "":
        raise HarnessError("--delimiter is empty. Give one or more characters, or leave it out.")
    options = {"format": form, "columns": named, "delimiter": delimiter, "strict": strict}
    return component_of("models", "predictions", options)


def print_facts(facts: Any, table: Callable[[Any], Any], *, as_json: bool) -> None:
    """Print facts as JSON, or as the table that is made of them."""
    if as_json:
        text = json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False)
        # What a terminal would obey, and halves of surrogate pairs, stay escaped.
        typer.echo(re.sub("[\x7f-\x9f\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text))
    else:
        print_rich(table(facts))


def print_rich(renderable: Any) -> None:
    """Print a table or other renderable of rich on stdout."""
    from rich.console import Console

    class Output(Console):
        def on_broken_pipe(self) -> NoReturn:  # which would end the process as a missed expectation does
            raise BrokenPipeError

    # A pipe has no width; 80 columns would cut the tables.
    Output(width=None if sys.stdout.isatty() else 140, highlight=False).print(renderable)


def print_run(result: RunResult) -> None:
    """Print the metric table of a run, where its report is, and the expectations that it misses."""
    from harness.report import run_table

    print_rich(run_table(dict(result.results)))
    if result.was_finished:
        typer.echo("This very run was finished before and is shown again; --force computes it anew.")
    typer.echo(f"report  {result.folder / 'report.html'}")
    if result.tracked is not None:
        typer.echo(f"MLflow  run {result.tracked.run_id} in {result.tracked.uri}")
    for row in result.missed:
        typer.echo(
            f"{result.results['name']}: {row['label']} is {row['value']:.6f}, "
            f"expected {row['expected']:g} within {row['tolerance']:g}",
            err=True,
        )
