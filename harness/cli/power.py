"""``harness power``: users that an effect needs, and the effect that a number of users can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.app import app
from harness.cli.options import Debug, Format, Json, format_of
from harness.cli.printing import Output, print_output

if TYPE_CHECKING:
    from harness.pipeline import MetricPower
    from harness.report import Block

_WORDS = {
    "difference": "a difference of this size gets a verdict",
    "equivalence": "equal runs are equivalent within it",
    "gate": "an equal candidate passes a gate with this margin",
}


@app.command()
def power(
    candidate: Annotated[
        str, typer.Argument(help="The folder of a finished run, or mlflow:RUN-ID.", show_default=False)
    ],
    baseline: Annotated[
        str, typer.Option(help="The run to compare with: its folder, or mlflow:RUN-ID.", show_default=False)
    ],
    effect: Annotated[
        str | None,
        typer.Option(
            help="An effect in the metric's unit, or a share of the baseline's value: 1%.", show_default=False
        ),
    ] = None,
    users: Annotated[
        int | None, typer.Option(help="A number of users, instead of an effect.", show_default=False)
    ] = None,
    metric: Annotated[
        list[str], typer.Option(help="A metric; else the primary one. Repeatable.", show_default=False)
    ] = [],
    confidence: Annotated[float, typer.Option(help="Level of the intervals.")] = 0.95,
    candidates: Annotated[int, typer.Option(help="Number of candidates in the family.")] = 1,
    form: Format = "table",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Compute how many users an effect needs, or the effect that users can show, with a power of 80%.

    The spread of the differences between the two runs is taken to stay as measured.
    """
    from harness.artifacts import to_json
    from harness.errors import HarnessError
    from harness.pipeline import PowerOptions
    from harness.pipeline import power as run_power
    from harness.report import Printout

    form = format_of(form, as_json=as_json)

    if not 0 < confidence < 1:
        raise HarnessError(f"--confidence is {confidence}; use a share between 0 and 1, such as 0.95.")
    options = PowerOptions(effect, users, tuple(metric), confidence, candidates)
    found = run_power(candidate, baseline, options)
    rows = [
        {"metric": one.metric, "candidate": one.candidate, "baseline": one.baseline, **to_json(row)}
        for one in found
        for row in one.rows
    ]
    printout = Printout(tuple(block for one in found for block in _blocks(one)))
    print_output(form, Output(printout, rows, found))


def _blocks(found: MetricPower) -> list[Block]:
    from harness.report import StyledText, power_table

    measured = (
        f"{found.candidate} against {found.baseline}: {found.n_users:,} users, {found.n_nonzero:,} differ, "
        f"standard deviation of the differences {found.std:.4f}, "
        f"{found.metric} of the baseline {found.baseline_value:.4f}"
    )
    lines = [
        measured,
        *(f"{claim}: {words}, with a probability of 80%" for claim, words in _WORDS.items()),
    ]
    if found.item_floor is not None:
        lines.append(
            f"For other items like these {found.n_items:,}, a difference below {found.item_floor:.4f} is not shown by "
            "any number of users: the number of items sets this floor."
        )
    table = power_table(found.metric, [(row.claim, row.effect, row.users, row.power) for row in found.rows])
    return [table, *map(StyledText, lines)]
