"""``harness explain``: draw why a model recommends its list to a user."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.cli.app import app
from harness.cli.options import Debug, Device, OneExperiment, Out, Quiet, Set, load_experiments, overrides_of


@app.command()
def explain(
    experiment: OneExperiment,
    user: Annotated[str, typer.Option(metavar="ID", help="External id of the user.", show_default=False)],
    k: Annotated[int, typer.Option("--k", metavar="K", help="Length of the list.")] = 10,
    items: Annotated[int, typer.Option(metavar="N", help="Show the last N items of the history.")] = 30,
    by_head: Annotated[
        bool, typer.Option("--by-head", help="Show one panel per attention head, not their mean.")
    ] = False,
    set_: Set = [],
    device: Device = None,
    out: Out = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Draw what in a user's history leads to the recommended list, with the list beside it, as SVG.

    Models of kind sequential and generative are explained by their attention. For ease, item_knn and pure_svd the
    contributions of the history to each score are exact. All other models that score items are scored again without
    each item of the history. The checkpoint is fitted if it is missing.
    """
    loaded = load_experiments([experiment], overrides_of(set_, device=device, out=out))

    from harness.pipeline import PictureOptions
    from harness.pipeline import explain as draw

    for each in loaded:
        typer.echo(draw(each, user, PictureOptions(k=k, items=items, by_head=by_head), quiet=quiet).path)
