"""The command line, one file per command. Its modules compute nothing, and importing them imports typer only."""

# Each of these modules registers its command.
from harness.cli import compare as _compare  # noqa: F401
from harness.cli import diff as _diff  # noqa: F401
from harness.cli import eval as _eval  # noqa: F401
from harness.cli import explain as _explain  # noqa: F401
from harness.cli import export as _export  # noqa: F401
from harness.cli import fit as _fit  # noqa: F401
from harness.cli import freeze as _freeze  # noqa: F401
from harness.cli import gate as _gate  # noqa: F401
from harness.cli import init as _init  # noqa: F401
from harness.cli import inspect as _inspect  # noqa: F401
from harness.cli import list as _list  # noqa: F401
from harness.cli import metrics as _metrics  # noqa: F401
from harness.cli import power as _power  # noqa: F401
from harness.cli import predict as _predict  # noqa: F401
from harness.cli import report as _report  # noqa: F401
from harness.cli import schema as _schema  # noqa: F401
from harness.cli import score as _score  # noqa: F401
from harness.cli import sync as _sync  # noqa: F401
from harness.cli import ui as _ui  # noqa: F401
from harness.cli import validate as _validate  # noqa: F401
from harness.cli.app import main

__all__ = ["main"]
