"""``harness gate``: check that a candidate is not worse than a baseline, for a release."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.app import app
from harness.cli.options import (
    Debug,
    Device,
    Force,
    Format,
    Json,
    LimitUsers,
    NoTrack,
    Out,
    Quiet,
    Set,
    format_of,
    overrides_of,
)
from harness.cli.printing import Output, print_output

if TYPE_CHECKING:
    from harness.pipeline import GateResult
    from harness.report import Printout

EXIT_CODES = {"pass": 0, "regression": 1, "cannot_tell": 3, "suspicious": 4}


@app.command()
def gate(
    candidate: Annotated[
        str,
        typer.Argument(help="An experiment file, the folder of a finished run, or mlflow:RUN-ID.", show_default=False),
    ],
    baseline: Annotated[
        str,
        typer.Option(
            help="The run to compare with: an experiment file, a folder, or mlflow:RUN-ID.", show_default=False
        ),
    ],
    metric: Annotated[
        list[str],
        typer.Option(
            metavar="LABEL=MARGIN",
            help="A metric and the largest loss that is accepted, such as ndcg@10=0.002. Repeatable.",
            show_default=False,
        ),
    ],
    require: Annotated[
        str,
        typer.Option(
            help="non-inferior: a loss of the margin must be excluded; not-worse-shown: no loss may be shown."
        ),
    ] = "non-inferior",
    most_gain: Annotated[float, typer.Option(help="Relative gain above which the result is suspicious.")] = 0.5,
    audit: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Append the decision here; else gates.jsonl beside the candidate's folder."),
    ] = None,
    form: Format = "table",
    as_json: Json = False,
    set_: Set = [],
    device: Device = None,
    out: Out = None,
    no_track: NoTrack = False,
    force: Force = False,
    limit_users: LimitUsers = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Check that a candidate is not worse than a baseline by more than a margin.

    Exit codes: 0 pass, 1 regression, 3 cannot tell, 4 suspicious, 2 wrong input. The test is one-sided at 5% in each
    metric; all metrics have to pass. harness compare is stricter: two-sided at 95%.
    """
    form = format_of(form, as_json=as_json)
    overrides = overrides_of(set_, device=device, out=out, limit_users=limit_users)

    from harness.artifacts import to_json
    from harness.errors import HarnessError, did_you_mean
    from harness.pipeline import GateOptions
    from harness.pipeline import gate as run_gate
    from harness.pipeline.commands.gate import gate_json

    if require not in ("non-inferior", "not-worse-shown"):
        known = ["non-inferior", "not-worse-shown"]
        raise HarnessError(f"unknown --require '{require}'. {did_you_mean(require, known)}")
    options = GateOptions(
        require="non-inferior" if require == "non-inferior" else "not-worse-shown",
        most_gain=most_gain,
        audit=audit,
        force=force,
        quiet=quiet,
        track=not no_track,
    )
    result = run_gate(candidate, baseline, _margins(metric), overrides=overrides, options=options)
    names = {"candidate": result.candidate, "baseline": result.baseline}
    rows = [{**names, **to_json(metric)} for metric in result.metrics]
    print_output(form, Output(_printout(result), rows, gate_json(result), [f"audit  {result.audit}"]))
    if form != "json":
        for warning in result.warnings:
            typer.echo(f"warning: {warning}", err=True)
    raise typer.Exit(0 if result.passed else EXIT_CODES[result.status])


def _margins(texts: list[str]) -> dict[str, float]:
    from harness.errors import HarnessError

    margins: dict[str, float] = {}
    for text in texts:
        label, equals, number = text.rpartition("=")
        try:
            margin = float(number)
        except ValueError:
            equals, margin = "", 0.0
        if not equals or not label:
            raise HarnessError(f"--metric {text} is not of the form LABEL=MARGIN, such as ndcg@10=0.002.")
        if label in margins:
            raise HarnessError(f"--metric {label} is given twice. Give each metric once.")
        margins[label] = margin
    return margins


def _printout(result: GateResult) -> Printout:
    from harness.report import Printout, StyledText

    words = result.status.replace("_", " ")
    enough = ", which is enough" if result.passed and result.status == "cannot_tell" else ""
    lines = [f"{words}{enough}: {result.candidate} against {result.baseline}"]
    for metric in result.metrics:
        gain = f"a gain of at least {-metric.bound:.4f}"
        change = gain if metric.bound < 0 else f"a loss of at most {metric.bound:.4f}"
        if metric.bound == float("inf"):
            change = "no bound is known"
        lines.append(
            f"  {metric.metric}: {metric.status.replace('_', ' ')}; {metric.baseline_value:.4f} -> "
            f"{metric.candidate_value:.4f}, {change} (one-sided {1 - metric.level:.0%}), "
            f"margin {metric.margin:g}; {metric.n_users:,} users, {metric.n_nonzero:,} differ"
        )
    if result.earlier is not None:
        lines.append(str(result.earlier))
    return Printout(tuple(map(StyledText, lines)))
