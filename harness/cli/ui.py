"""``harness ui``: start the web interface of MLflow and print its address."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from harness.cli.app import app
from harness.cli.options import Debug


@app.command()
def ui(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 5000,
    debug: Debug = False,
) -> None:
    """Print the address of the charts of the newest experiment, and serve the MLflow UI there.

    The store is $MLFLOW_TRACKING_URI, or mlflow.db. If it is a server, only the address is printed.
    """
    from harness.tracking import interface_address, serve, served_by

    server = served_by()
    typer.echo(f"charts  {interface_address(server or f'http://{host}:{port}')}")
    sys.stdout.flush()
    if server is None:
        serve(host=host, port=port)
