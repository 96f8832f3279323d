"""``harness data``: the catalogue, statistics and audits of data sets, and splits as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import Debug, Format, Json, OneExperiment, Quiet, Set, format_of, load_experiments, registered
from harness.cli.printing import Output, print_output

if TYPE_CHECKING:
    from harness.artifacts import DatasetSummary, SourceSummary

data_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Data sets: catalogue, statistics, audits, splits."
)


@data_app.command("list")
def data_list(form: Format = "table", as_json: Json = False, debug: Debug = False) -> None:
    """List the data sets of the catalogue."""
    from harness.artifacts import to_json
    from harness.data import list_sources
    from harness.report import catalogue_table

    entries = list_sources()
    output = Output(catalogue_table(entries), [to_json(entry) for entry in entries], entries)
    print_output(format_of(form, as_json=as_json), output)


@data_app.command("fetch")
def data_fetch(
    names: Annotated[
        list[str],
        typer.Argument(help="Names of the catalogue.", autocompletion=registered("sources"), show_default=False),
    ],
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Download data sets of the catalogue into the cache, and check them."""
    from harness.data import fetch

    for name in names:
        path = fetch(name)
        typer.echo(f"{name}: {'generated, there is nothing to download' if path is None else path}")


@data_app.command("describe")
def data_describe(
    source: Annotated[
        str, typer.Argument(help="An experiment file (YAML), or a name of the catalogue.", show_default=False)
    ],
    set_: Set = [],
    form: Format = "table",
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Show the statistics of a data set; of an experiment, those of raw, filtered and split data, with audits."""
    from harness import registry
    from harness.errors import HarnessError
    from harness.pipeline import describe_dataset, describe_source
    from harness.report import facts_rows, facts_table

    if source in registry.names("sources"):
        if set_:
            raise HarnessError(f"--set changes an experiment, and {source} is a data set. Give an experiment file.")
        summary: SourceSummary | DatasetSummary = describe_source(source)
    else:
        summary = describe_dataset(load_experiments([source], set_)[0])
    print_output(format_of(form, as_json=as_json), Output(facts_table(summary), facts_rows(summary), summary))


@data_app.command("audit")
def data_audit(
    experiment: OneExperiment,
    ties: Annotated[
        int, typer.Option(metavar="N", min=0, help="Try N seeds of the tie rule, and both orders of item ids.")
    ] = 0,
    baseline: Annotated[str, typer.Option(help="The model of --ties.")] = "popularity",
    set_: Set = [],
    form: Format = "table",
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Show what in a data set and its split may mislead: leakage, ties, repeats, unseen items."""
    loaded = load_experiments([experiment], set_)

    from harness.pipeline import TieOptions, audit_dataset
    from harness.report import audit_rows, audit_table

    audit = audit_dataset(loaded[0], TieOptions(seeds=ties, baseline=baseline))
    print_output(format_of(form, as_json=as_json), Output(audit_table(audit), audit_rows(audit), audit))


@data_app.command("split")
def data_split(
    experiment: OneExperiment,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the parts.", show_default=False)],
    set_: Set = [],
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write train, validation and test of an experiment as parquet, with external ids."""
    loaded = load_experiments([experiment], set_)

    from harness.pipeline import write_split

    for path in write_split(loaded[0], out):
        typer.echo(path)
