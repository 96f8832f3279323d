"""Write the files of a comparison in ``reports/comparisons/<name>/``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness import report, storage
from harness.artifacts import Comparison, Robustness, to_json
from harness.pipeline.run_folder.record_file import SCHEMA_VERSION, dump_json
from harness.pipeline.run_folder.run_files import StoredRun, write_figures

COMPARISON_HTML = "comparison.html"
COMPARISON_JSON = "comparison.json"
COMPARISON_CSV = "comparison.csv"
COMPARISON_TEX = "comparison.tex"
COMPARISON_MD = "comparison.md"
ROBUSTNESS_CSV = "robustness.csv"


def write_comparison(
    folder: Path, comparison: Comparison, runs: Sequence[StoredRun], robustness: Robustness | None, *, identity: str
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
    identity
        A hash of what decides the content.
    """
    rendered = report.render_comparison(comparison, [run.record for run in runs], robustness)
    plain = {"identity": identity, **_plain(comparison, runs, robustness)}
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


def _plain(comparison: Comparison, runs: Sequence[StoredRun], robustness: Robustness | None) -> dict[str, Any]:
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
        "pairs": [to_json(difference) for difference in comparison.differences],
        "contrasts": [to_json(contrast) for contrast in comparison.contrasts],
        "robustness": to_json(robustness),
    }
