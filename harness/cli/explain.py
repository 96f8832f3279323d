"""``harness explain``: draw why a model recommends its list to a user."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.cli.app import app
from harness.cli.options import (
    Debug,
    Device,
    Format,
    Json,
    OneExperiment,
    Out,
    Quiet,
    Set,
    format_of,
    load_experiments,
    overrides_of,
)
from harness.cli.printing import Output, joined, print_output


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
    form: Format = "table",
    as_json: Json = False,
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
    from harness.report import explanation_rows, explanation_table

    outputs = []
    for each in loaded:
        found = draw(each, user, PictureOptions(k=k, items=items, by_head=by_head), quiet=quiet)
        value = {"user": user, "picture": str(found.path), "listed": found.listed}
        table, rows = explanation_table(found.listed, found.scores.tolist()), explanation_rows(found.listed)
        outputs.append(Output(table, rows, value, [str(found.path)]))
    print_output(format_of(form, as_json=as_json), outputs[0] if len(outputs) == 1 else joined(outputs))
