"""Options that several commands share, and the experiments that their arguments name."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Container
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

if TYPE_CHECKING:
    from harness.experiment import Experiment

logger = logging.getLogger("harness")

OutputFormat: TypeAlias = Literal["table", "markdown", "csv", "json"]


def _set_debug(value: bool) -> bool:
    if value:
        logger.setLevel(logging.DEBUG)
    return value


def _set_quiet(value: bool) -> bool:
    if value and logger.level != logging.DEBUG:
        logger.setLevel(logging.WARNING)
    return value


def registered(group: str) -> Callable[[], list[str]]:
    """Return a function that lists the names of a group of components, for the completion of a shell."""

    def names() -> list[str]:
        from harness import registry

        return registry.names(group)

    return names


OF_A_BENCHMARK = frozenset({"name", "baseline", "primary"})  # keys that only a comparison reads

Experiments = Annotated[list[str], typer.Argument(help="Experiment files (YAML).", show_default=False)]
OneExperiment = Annotated[str, typer.Argument(help="An experiment file (YAML).", show_default=False)]
Set = Annotated[
    list[str],
    typer.Option("--set", metavar="KEY=VALUE", help="Override a key, such as model.params.l2=200. Repeatable."),
]
Device = Annotated[str | None, typer.Option(help="auto, cpu, cuda or cuda:N.", show_default=False)]
Out = Annotated[str | None, typer.Option(metavar="DIR", help="Folder of the reports.", show_default=False)]
Name = Annotated[
    str | None,
    typer.Option(
        help="Name of the result: its folder under the reports (of a comparison: under comparisons/). Replaces what "
        "is there; without it, no other result is replaced.",
        show_default=False,
    ),
]
NoTrack = Annotated[bool, typer.Option("--no-track", help="Do not write to MLflow.")]
Force = Annotated[
    bool, typer.Option("--force", help="Compute again, even if results exist. Only fit writes checkpoints again.")
]
LimitUsers = Annotated[
    int | None,
    typer.Option(metavar="N", help="Measure only N users; stamped as partial.", show_default=False),
]
TableFormatName: TypeAlias = Literal["csv", "tsv", "jsonl", "inter", "dat", "parquet"]
Format = Annotated[
    OutputFormat, typer.Option("--format", help="What stdout holds; with markdown, csv and json nothing else.")
]
Json = Annotated[bool, typer.Option("--json", help="Short for --format json.")]
Quiet = Annotated[bool, typer.Option("--quiet", callback=_set_quiet, help="Print only warnings and results.")]
Debug = Annotated[bool, typer.Option("--debug", callback=_set_debug, help="Show tracebacks.")]


def format_of(form: OutputFormat, *, as_json: bool) -> OutputFormat:
    """Return the format that ``--format`` and ``--json`` ask for.

    Raises
    ------
    HarnessError
        They ask for two formats.
    """
    from harness.errors import HarnessError

    if as_json and form not in ("table", "json"):
        raise HarnessError(f"--json is short for --format json, and --format is {form}. Leave one of them out.")
    return "json" if as_json else form


def overrides_of(
    pairs: list[str],
    *,
    device: str | None = None,
    out: str | None = None,
    no_track: bool = False,
    limit_users: int | None = None,
) -> list[str]:
    """Return the pairs of ``--set``, and those that other flags stand for."""
    flags: dict[str, str | int | bool | None] = {
        "runner.device": device,
        "report.directory": out,
        "runner.limit_users": limit_users,
    }
    if no_track:
        flags["tracking.enabled"] = False
    # JSON is YAML: a folder called "a: b" stays text.
    return [*pairs, *(f"{key}={json.dumps(value)}" for key, value in flags.items() if value is not None)]


def load_experiments(paths: list[str], overrides: list[str]) -> list[Experiment]:
    """Return the experiments of files; the file of a benchmark stands for all its experiments."""
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
        The first words of the refused keys.
    reason
        The text after the key in the message.

    Raises
    ------
    HarnessError
        An override has such a key.
    """
    from harness.errors import HarnessError
    from harness.experiment import override_keys

    for override in overrides:
        keys = override_keys(override)
        if keys[0] in sections:
            raise HarnessError(f"--set {override}: {'.'.join(keys)} {reason}. Leave it out.")
