"""The application: its commands, exit codes and error messages."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import traceback
from types import FrameType
from typing import Annotated, Any, NoReturn, TextIO

import typer
from typer.core import TyperGroup

from harness.cli.cache import cache_app
from harness.cli.data import data_app

logger = logging.getLogger("harness")

WRONG_INPUT, INTERNAL_ERROR, INTERRUPTED, CUT_OFF = 2, 70, 130, 141
# The last is the base class of all errors of usage, which typer prints itself; typer has no public name for it.
_OF_TYPER: tuple[type[BaseException], ...] = (typer.Exit, typer.Abort, typer.BadParameter.__mro__[2])
_LONGEST = 500  # characters of a message of another library


class Commands(TyperGroup):
    """The commands, with each error as one message and its exit code rather than a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; errors and interruptions become exit codes."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            typer.echo("harness: interrupted; finished work is kept, and the same command resumes.", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except _OF_TYPER:
            raise
        except BrokenPipeError:
            _close_stdout()
            raise typer.Exit(CUT_OFF) from None
        except Exception as error:
            code, message = _exit_of(error)
            if logger.level == logging.DEBUG:
                traceback.print_exc()
            typer.echo(f"harness: {message}", err=True)
            raise typer.Exit(code) from None


def _exit_of(error: Exception) -> tuple[int, str]:
    """Return the exit code and the message of an error."""
    from harness.errors import HarnessError

    if isinstance(error, HarnessError):
        return WRONG_INPUT, str(error)
    text = " ".join(str(error).split())[:_LONGEST]
    # Torch raises RuntimeErrors of its own.
    out_of_memory = "can't allocate memory" in text or type(error).__name__ == "OutOfMemoryError"
    if isinstance(error, MemoryError) or out_of_memory:
        advice = "Use a smaller runner.batch_size or data set, or a machine with more memory."
        return WRONG_INPUT, f"there is not enough memory{f' ({text})' if text else ''}. {advice}"
    if isinstance(error, OSError):
        from harness.storage.atomic_writes import reason_of

        where = f": {error.filename}" if error.filename is not None else ""
        advice = "Correct that and run the same command again; finished work is kept."
        return WRONG_INPUT, f"the system reports an error: {reason_of(error)}{where}. {advice}"
    advice = "Run with --debug for the traceback, and report it."
    return INTERNAL_ERROR, f"internal error: {type(error).__name__}: {text.rstrip('.')}. {advice}"


def _close_stdout() -> None:
    """Discard the rest of the output, since its reader, such as ``head``, has closed the pipe."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(data_app, name="data")
app.add_typer(cache_app, name="cache")


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


def _on_sigterm(signum: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


class _Messages(logging.StreamHandler[TextIO]):
    """Writes messages to stderr, above a progress bar if one is shown there."""

    @property
    def stream(self) -> TextIO:
        """The present stderr: a progress bar replaces ``sys.stderr`` while it is shown."""
        return sys.stderr

    @stream.setter
    def stream(self, value: TextIO) -> None:
        """Ignore the stream of the base class."""


def main() -> None:
    """Run the command line and exit."""
    logger.handlers = [_Messages()]
    logger.propagate = False
    logger.setLevel(logging.INFO)
    signal.signal(signal.SIGTERM, _on_sigterm)
    try:
        # `python -m harness` has the same usage, and the same completion, as `harness`.
        app(prog_name="harness")
    finally:
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            _close_stdout()
            sys.exit(CUT_OFF)
