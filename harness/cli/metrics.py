"""``harness metrics``: list the metrics, or explain one."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from harness.cli.app import app
from harness.cli.options import Debug, Json
from harness.cli.printing import print_json, print_rich


@app.command()
def metrics(
    name: Annotated[str | None, typer.Argument(help="The metric to explain.", show_default=False)] = None,
    conventions: Annotated[bool, typer.Option("--conventions", help="How other libraries define the metrics.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """List the metrics, or explain one: definition, options, range, edge cases, reference."""
    from harness.experiment import CONVENTIONS
    from harness.metrics.metric_facts import all_metric_facts, metric_facts
    from harness.report import conventions_table, metric_page, metrics_table

    if conventions:
        print_json(CONVENTIONS) if as_json else print_rich(conventions_table(CONVENTIONS))
    elif name is not None:
        facts = metric_facts(re.split(r"[@\[]", name)[0])
        print_json(facts) if as_json else print_rich(metric_page(facts))
    else:
        known = all_metric_facts()
        print_json(known) if as_json else print_rich(metrics_table(known))
