"""``harness metrics``: list the metrics, or explain one."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from harness.cli.app import app
from harness.cli.options import Debug, Format, Json, format_of, registered
from harness.cli.printing import Output, print_output


@app.command()
def metrics(
    name: Annotated[
        str | None,
        typer.Argument(help="The metric to explain.", autocompletion=registered("metrics"), show_default=False),
    ] = None,
    conventions: Annotated[bool, typer.Option("--conventions", help="How other libraries define the metrics.")] = False,
    form: Format = "table",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """List the metrics, or explain one: definition, options, range, edge cases, reference."""
    from harness.experiment import CONVENTIONS
    from harness.metrics.metric_facts import all_metric_facts, metric_facts
    from harness.report import convention_rows, conventions_table, metric_page, metric_rows, metrics_table

    if conventions:
        output = Output(conventions_table(CONVENTIONS), convention_rows(CONVENTIONS), CONVENTIONS)
    elif name is not None:
        facts = metric_facts(re.split(r"[@\[]", name)[0])
        output = Output(metric_page(facts), metric_rows([facts]), facts)
    else:
        known = all_metric_facts()
        output = Output(metrics_table(known), metric_rows(known), known)
    print_output(format_of(form, as_json=as_json), output)
