"""``harness inspect``: show what a checkpoint holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.app import app
from harness.cli.options import Debug, Format, Json, format_of
from harness.cli.printing import Output, print_output


@app.command()
def inspect(
    checkpoint: Annotated[Path, typer.Argument(help="A file of safetensors, or of torch.save.", show_default=False)],
    form: Format = "table",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show what a checkpoint holds: names, shapes, types, parameters, sizes. No code in it is run.

    Parameters are the values of floating-point tensors; a state dict does not distinguish them from buffers.
    """
    from harness.artifacts import to_json
    from harness.models import inspect_checkpoint
    from harness.report import checkpoint_table

    facts = inspect_checkpoint(checkpoint)
    rows = [{"state": state.name, **to_json(tensor)} for state in facts.states for tensor in state.tensors]
    print_output(format_of(form, as_json=as_json), Output(checkpoint_table(facts), rows, facts))
