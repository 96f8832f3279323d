"""``harness inspect``: show what a checkpoint holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.app import app
from harness.cli.options import Debug, Json
from harness.cli.printing import print_json, print_rich


@app.command()
def inspect(
    checkpoint: Annotated[Path, typer.Argument(help="A file of safetensors, or of torch.save.", show_default=False)],
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show what a checkpoint holds: names, shapes, types, parameters, sizes. No code in it is run.

    Parameters are the values of floating-point tensors; a state dict does not distinguish them from buffers.
    """
    from harness.models import inspect_checkpoint
    from harness.report import checkpoint_table

    facts = inspect_checkpoint(checkpoint)
    print_json(facts) if as_json else print_rich(checkpoint_table(facts))
