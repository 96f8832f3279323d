"""Print results on stdout in the format that the user chose."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from harness.artifacts import Facts
    from harness.cli.options import OutputFormat
    from harness.report import Printout
    from harness.tracking import TrackedRun

logger = logging.getLogger("harness")

_PIPE_WIDTH = 140  # a pipe has no width of its own


@dataclass(frozen=True, eq=False)
class Output:
    """A result in all formats.

    Parameters
    ----------
    printout
        Lines and tables, for ``table`` and ``markdown``.
    rows
        Rows for ``csv``, with unrounded numbers.
    value
        A frozen value, or values of JSON, for ``json``.
    notes
        Lines after a table, such as the paths of reports. In other formats they go to stderr, except under ``--quiet``.
    """

    printout: Printout
    rows: Sequence[Facts]
    value: Any
    notes: Sequence[str] = ()


def print_output(form: OutputFormat, output: Output) -> None:
    """Print a result in a format; in other formats than ``table``, stdout holds nothing else."""
    if form == "json":
        _print_json(output.value)
    elif form == "csv":
        from harness.artifacts import to_json
        from harness.report import clean
        from harness.storage import csv_text

        typer.echo(csv_text(clean(to_json(output.rows))), nl=False)
    elif form == "markdown":
        from harness.report import printout_markdown

        typer.echo(printout_markdown(output.printout))
    else:
        _print_rich(output.printout)
    for note in output.notes:
        if form == "table":
            typer.echo(note)
        else:
            logger.info(note)


def joined(outputs: Sequence[Output]) -> Output:
    """Return several results as one, whose value is the list of their values."""
    from harness.report import Printout

    return Output(
        Printout(tuple(block for one in outputs for block in one.printout.blocks)),
        [row for one in outputs for row in one.rows],
        [one.value for one in outputs],
        [note for one in outputs for note in one.notes],
    )


def _print_json(value: Any) -> None:
    """Print a frozen value as JSON."""
    from harness.artifacts import to_json

    text = json.dumps(to_json(value), indent=2, ensure_ascii=False, allow_nan=False)
    # Characters that a terminal would obey, and halves of surrogate pairs, stay escaped.
    typer.echo(re.sub("[\x7f-\x9f\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text))


def _print_rich(printout: Printout) -> None:
    """Print lines and tables in the width of the terminal, or in that of the variable ``COLUMNS``."""
    from rich.console import Console

    class Terminal(Console):
        def on_broken_pipe(self) -> NoReturn:  # rich would end the process with the exit code of a missed expectation
            raise BrokenPipeError

    columns = os.environ.get("COLUMNS", "")
    known = sys.stdout.isatty() or (columns.isdecimal() and int(columns) > 0)
    # A line that is longer than the terminal, because it holds a long number, is not cropped.
    Terminal(width=None if known else _PIPE_WIDTH, highlight=False).print(printout, crop=False)


def tracked_lines(tracked: TrackedRun | None) -> list[str]:
    """Return where a run or a comparison is in MLflow, and the address of the charts of its experiment."""
    if tracked is None:
        return []
    first = "" if tracked.is_served else " (start `make ui` or `harness ui` first)"
    return [f"MLflow  run {tracked.run_id} in {tracked.uri}", f"charts  {tracked.charts}{first}"]
