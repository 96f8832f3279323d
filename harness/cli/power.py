"""``harness power``: users that an effect needs, and the effect that a number of users can show."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.app import app
from harness.cli.options import Debug, Json
from harness.cli.printing import print_rich

if TYPE_CHECKING:
    from harness.pipeline import MetricPower

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

    if not 0 < confidence < 1:
        raise HarnessError(f"--confidence is {confidence}; use a share between 0 and 1, such as 0.95.")
    options = PowerOptions(effect, users, tuple(metric), confidence, candidates)
    found = run_power(candidate, baseline, options)
    if as_json:
        typer.echo(json.dumps([to_json(one) for one in found], indent=2, ensure_ascii=False))
        return
    for one in found:
        _print(one)


def _print(found: MetricPower) -> None:
    from harness.report import power_table

    print_rich(power_table(found.metric, [(row.claim, row.effect, row.users, row.power) for row in found.rows]))
    typer.echo(
        f"{found.candidate} against {found.baseline}: {found.n_users:,} users, {found.n_nonzero:,} differ, "
        f"standard deviation of the differences {found.std:.4f}, "
        f"{found.metric} of the baseline {found.baseline_value:.4f}"
    )
    for claim, words in _WORDS.items():
        typer.echo(f"{claim}: {words}, with a probability of 80%")
    if found.item_floor is not None:
        typer.echo(
            f"For other items like these {found.n_items:,}, a difference below {found.item_floor:.4f} is not shown by "
            "any number of users: the number of items sets this floor."
        )
