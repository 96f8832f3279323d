"""Write and read the files of a comparison in ``reports/comparisons/<name>/``."""

from __future__ import annotations

import datetime
import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter

from harness import report, storage
from harness.artifacts import Comparison, ComparisonRecord, Robustness, SharedUsers, to_json
from harness.errors import HarnessError
from harness.pipeline.run_folder.record_file import SCHEMA_VERSION, dump_json
from harness.pipeline.run_folder.run_files import REPORT, StoredRun, write_figures

COMPARISON_HTML = "comparison.html"
COMPARISON_JSON = "comparison.json"
COMPARISON_CSV = "comparison.csv"
COMPARISON_TEX = "comparison.tex"
COMPARISON_MD = "comparison.md"
ROBUSTNESS_CSV = "robustness.csv"

_MOST = 1 << 26  # bytes of comparison.json


@dataclass(frozen=True)
class ComparisonExtras:
    """What the files of a comparison hold beside its numbers.

    Parameters
    ----------
    robustness
        The verdicts under other choices; None if they were not computed.
    users
        The users whose lists the page shows; None for none.
    hides_ids
        Whether the page numbers its users instead of showing their ids.
    identity
        A hash of what decides the content.
    members
        The runs, one per seed of a model with several; empty where ``runs`` are all.
    """

    robustness: Robustness | None = None
    users: SharedUsers | None = None
    hides_ids: bool = False
    identity: str = ""
    members: Sequence[StoredRun] = ()


def write_comparison(folder: Path, comparison: Comparison, runs: Sequence[StoredRun], extras: ComparisonExtras) -> None:
    """Write the page, the tables, the figures and the JSON of a comparison.

    Parameters
    ----------
    folder
        Folder of the comparison.
    comparison, runs
        Differences and values, and the runs.
    extras
        What else the files hold.
    """
    links = {run.name: link for run in runs if (link := _link(run.folder / REPORT, folder)) is not None}
    context = report.ComparisonContext(extras.robustness, extras.users, links, hides_ids=extras.hides_ids)
    rendered = report.render_comparison(comparison, [run.record for run in runs], context)
    robustness = extras.robustness
    created = _created(folder, extras.identity)
    plain = {"identity": extras.identity, "created": created, **_plain(comparison, runs, extras, rendered.sentence)}
    with storage.lock(folder / ".comparison"):
        write_figures(folder, rendered.figures)
        storage.write_csv(folder / COMPARISON_CSV, comparison.pairs)
        storage.write_text(folder / COMPARISON_TEX, rendered.latex)
        storage.write_text(folder / COMPARISON_MD, rendered.markdown)
        storage.write_text(folder / COMPARISON_HTML, rendered.html)
        if robustness is None:
            storage.remove(folder / ROBUSTNESS_CSV)
        else:
            storage.write_csv(folder / ROBUSTNESS_CSV, robustness.frame)
        storage.write_text(folder / COMPARISON_JSON, dump_json(plain))


def _created(folder: Path, identity: str) -> str:
    """Return when the same comparison was first written to a folder; now, if it is not there yet."""
    try:
        earlier = read_comparison(folder)
        if earlier.created is not None and earlier.identity == identity:
            return earlier.created
    except HarnessError:
        pass
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _link(page: Path, folder: Path) -> str | None:
    """Return the address of a page relative to a folder; None where there is no such page."""
    if not page.is_file():
        return None
    return quote(Path(os.path.relpath(page, folder)).as_posix())


def read_comparison(folder: Path) -> ComparisonRecord:
    """Return the record of a finished comparison.

    Raises
    ------
    HarnessError
        It is missing or damaged.
    """
    path = folder / COMPARISON_JSON
    try:
        if path.stat().st_size > _MOST:
            raise ValueError(f"it is larger than {_MOST:,} bytes")
        return _adapter().validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise HarnessError(f"{path} is missing or damaged: {reason}. Run `harness compare` again.") from error


@functools.cache
def _adapter() -> TypeAdapter[ComparisonRecord]:
    return TypeAdapter(ComparisonRecord)


def _plain(
    comparison: Comparison, runs: Sequence[StoredRun], extras: ComparisonExtras, sentence: str
) -> dict[str, Any]:
    robustness, members = extras.robustness, extras.members or runs
    return {
        "schema_version": SCHEMA_VERSION,
        "dataset": runs[0].record.dataset.name if runs else "",
        "sentence": sentence,
        "baseline": comparison.baseline,
        "primary": comparison.primary,
        "settings": to_json(comparison.settings),
        "best": list(comparison.best),
        "groups": None if comparison.groups is None else dict(comparison.groups),
        "notes": list(comparison.notes),
        "stamps": list(comparison.stamps),
        "runs": [
            {"name": run.name, "part": run.record.protocol.part, "fingerprints": dict(run.record.fingerprints)}
            for run in runs
        ],
        "members": [{"name": run.name, "fingerprints": dict(run.record.fingerprints)} for run in members],
        "pairs": [to_json(difference) for difference in comparison.differences],
        "contrasts": [to_json(contrast) for contrast in comparison.contrasts],
        "robustness": to_json(robustness),
    }
