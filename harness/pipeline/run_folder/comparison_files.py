"""Write and read the files of a comparison in ``reports/comparisons/<name>/``."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from harness import report, storage
from harness.artifacts import Comparison, ComparisonRecord, Robustness, to_json
from harness.errors import HarnessError
from harness.pipeline.run_folder.record_file import SCHEMA_VERSION, dump_json
from harness.pipeline.run_folder.run_files import StoredRun, write_figures

COMPARISON_HTML = "comparison.html"
COMPARISON_JSON = "comparison.json"
COMPARISON_CSV = "comparison.csv"
COMPARISON_TEX = "comparison.tex"
COMPARISON_MD = "comparison.md"
ROBUSTNESS_CSV = "robustness.csv"

_MOST = 1 << 26  # bytes of comparison.json


def write_comparison(
    folder: Path,
    comparison: Comparison,
    runs: Sequence[StoredRun],
    robustness: Robustness | None,
    *,
    members: Sequence[StoredRun],
) -> None:
    """Write the page, the tables, the figures and the JSON of a comparison.

    Parameters
    ----------
    folder
        Folder of the comparison.
    comparison, runs
        Differences and values, and the runs.
    robustness
        The verdicts under other choices; None if they were not computed.
    members
        The runs, one per seed of a model with several.
    """
    rendered = report.render_comparison(comparison, [run.record for run in runs], robustness)
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
        storage.write_text(folder / COMPARISON_JSON, dump_json(_plain(comparison, runs, robustness, members)))


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
    comparison: Comparison,
    runs: Sequence[StoredRun],
    robustness: Robustness | None,
    members: Sequence[StoredRun],
) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
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
