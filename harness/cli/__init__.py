"""The command line. Nothing here computes, and importing it takes typer alone."""

from harness.cli import commands as _commands  # noqa: F401  (registers the commands)
from harness.cli import explain as _explaining  # noqa: F401
from harness.cli import predictions as _predictions  # noqa: F401
from harness.cli import validate as _validation  # noqa: F401
from harness.cli.app import main

__all__ = ["main"]
