"""``harness schema``: print the JSON Schema of experiment files, for editors."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from harness.cli.app import app
from harness.cli.options import Debug


@app.command()
def schema(
    benchmark: Annotated[bool, typer.Option("--benchmark", help="Of benchmark files instead.")] = False,
    debug: Debug = False,
) -> None:
    """Print the JSON Schema of experiment files, with the options of all registered components.

    An editor with a YAML language server checks and completes a file whose first line names the schema:
    # yaml-language-server: $schema=schema.json
    """
    from harness.experiment import benchmark_schema, experiment_schema

    typer.echo(json.dumps(benchmark_schema() if benchmark else experiment_schema(), indent=1, ensure_ascii=False))
