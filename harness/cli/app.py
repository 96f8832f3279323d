"""The application: its help, its exit codes, and how a mistake is told."""

from __future__ import annotations

import logging
import signal
import sys
import traceback
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from harness.cli.cache import cache_app
from harness.cli.data import data_app

logger = logging.getLogger("harness")

WRONG_INPUT, INTERRUPTED = 2, 130


class Commands(TyperGroup):
    """The commands, with a user's mistake as one message rather than a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; errors of the user's and interruptions become exit codes."""
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
    cls=Commands,
    add_completion=False,
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


def main() -> None:
    """Run the command line and exit."""
    logger.handlers = [logging.StreamHandler(sys.stderr)]
    logger.propagate = False
    logger.setLevel(logging.INFO)
    signal.signal(signal.SIGTERM, _on_sigterm)
    app()
