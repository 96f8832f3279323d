"""``harness cache``: list or prune cached predictions."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import Debug, Format, Json, format_of
from harness.cli.printing import Output, print_output

if TYPE_CHECKING:
    from harness.artifacts import Facts
    from harness.storage import CacheEntry

cache_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List or prune cached predictions.",
)

_AGE = re.compile(r"([0-9]+) ?([dhm])")
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60}


@cache_app.command("list")
def cache_list(form: Format = "table", as_json: Json = False, debug: Debug = False) -> None:
    """List cached predictions, the longest unused first."""
    from harness.report import cache_table
    from harness.storage import cache_entries, cache_folder

    folder, entries = cache_folder(), cache_entries()
    rows = [_facts(entry) for entry in entries]
    output = Output(cache_table(folder, entries), rows, {"folder": str(folder), "entries": rows})
    print_output(format_of(form, as_json=as_json), output)


@cache_app.command("prune")
def cache_prune(
    older_than: Annotated[
        str | None,
        typer.Option(metavar="AGE", help="Remove entries unused for 30d, 12h, 5m.", show_default=False),
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Keep at most this much, such as 10GB.", show_default=False),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Remove all entries.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be removed.")] = False,
    debug: Debug = False,
) -> None:
    """Remove cached predictions, the longest unused first; reports, checkpoints and data stay.

    Entries that a process uses stay too. A run whose predictions were removed makes them again.
    """
    from harness.errors import HarnessError
    from harness.memory import bytes_of, size_text
    from harness.storage import prune_cache

    if all_ == (older_than is not None or keep is not None):
        raise HarnessError("choose what to remove: --older-than 30d, --keep 10GB or both; or --all.")
    try:
        kept = None if keep is None else bytes_of(keep)
    except ValueError as error:
        raise HarnessError(f"--keep: {error}.") from error
    removed = prune_cache(older_than=None if older_than is None else _age(older_than), keep=kept, dry_run=dry_run)
    for entry in removed:
        typer.echo(f"{entry.key[:12]}  {entry.name}  {size_text(entry.size)}")
    freed, would = size_text(sum(entry.size for entry in removed)), "would be removed" if dry_run else "removed"
    typer.echo(f"{len(removed)} {'entry' if len(removed) == 1 else 'entries'} {would}, {freed}")


def _age(text: str) -> datetime.timedelta:
    from harness.errors import HarnessError

    match = _AGE.fullmatch(text.strip())
    if match is None:
        raise HarnessError(f"--older-than is '{text}'; write days, hours or minutes, such as 30d, 12h or 5m.")
    # A limit of a hundred years, since timedelta cannot hold arbitrary numbers of days.
    seconds = min(int(match[1]) * _SECONDS[match[2]], 100 * 366 * _SECONDS["d"])
    return datetime.timedelta(seconds=seconds)


def _facts(entry: CacheEntry) -> Facts:
    return {
        "key": entry.key,
        "kind": entry.kind,
        "name": entry.name,
        "bytes": entry.size,
        "used": entry.used.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "in_use": entry.in_use,
    }
