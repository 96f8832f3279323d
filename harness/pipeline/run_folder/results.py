"""What a run leaves in ``reports/<name>/``, written and read back.

``results.json`` is written last and removed first: where it stands, everything beside it is whole and belongs to it.
It lists the SHA-256 of every file of the run, and its own. Whoever reads a file checks it. Digests find accidents, not
forgery.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from harness import report, storage
from harness.artifacts import MetricTable
from harness.errors import HarnessError
from harness.models.run_messages import warn_once
from harness.pipeline.run_folder.per_user import read_per_user
from harness.pipeline.run_folder.results_schema import fault_in

logger = logging.getLogger("harness")

SCHEMA_VERSION = 2
UNCHECKED = 1  # the schema version whose files have no digests
SAMPLED_CANDIDATES = "sampled_candidates"  # the audit that goes with every number over sampled candidates
RESULTS = "results.json"
PER_USER = "per_user.parquet"
PREDICTIONS = "predictions.parquet"
TARGET_RANKS = "target_ranks.parquet"
CANDIDATES = "candidates.parquet"  # where files or draws decide of them
EXPERIMENT = "experiment.yaml"
REPORT = "report.html"
FIGURES = "figures"
FILES = (RESULTS, PER_USER, PREDICTIONS, TARGET_RANKS, EXPERIMENT, REPORT)
_TABLES = (PER_USER, PREDICTIONS, TARGET_RANKS, CANDIDATES)
_DESCRIPTION = (EXPERIMENT, REPORT, FIGURES)  # made of the results, so that they can be made again
_MOST = 1 << 28  # bytes of results.json
_REMEDY = "Run the experiment again with --force."


@dataclass(frozen=True, eq=False)
class StoredRun:
    """A finished run, read from its folder."""

    folder: Path
    results: dict[str, Any]
    table: MetricTable

    @property
    def name(self) -> str:
        """The experiment's name."""
        return str(self.results["name"])


def refuse_links(folder: Path) -> None:
    """Refuse links in the place of the files of a run, before anything is computed.

    Raises
    ------
    HarnessError
        A link stands where a file of the run would be written.
    """
    for name in (*FILES, CANDIDATES, FIGURES):
        storage.refuse_link(folder / name)


def is_finished(folder: Path, fingerprints: Mapping[str, str]) -> bool:
    """Return whether the folder holds a whole run with exactly these fingerprints, and its tables are as written."""
    if not all((folder / name).exists() for name in FILES):
        return False
    try:
        results = _parsed(folder)
        if results["schema_version"] == UNCHECKED or results["fingerprints"] != dict(fingerprints):
            return False
        check_files(folder, results, _TABLES)
    except HarnessError as error:
        logger.warning("%s It is run again now.", str(error).removesuffix(_REMEDY).rstrip())
        return False
    return True


def is_described(folder: Path, results: Mapping[str, Any]) -> bool:
    """Return whether the report, the figures and the resolved experiment of a run are as they were written."""
    wrong = storage.changed_file(folder, results["files"], _DESCRIPTION)
    if wrong is not None:
        logger.warning("%s is missing or was changed. It is written again now.", folder / wrong)
    return wrong is None


def earlier_results(folder: Path) -> dict[str, Any] | None:
    """Return the results that a folder holds, of any version; None where there are none that can be read."""
    try:
        return _parsed(folder)
    except HarnessError:
        return None


def read_results(folder: Path) -> dict[str, Any]:
    """Return ``results.json``, checked against its own digest.

    Results of an earlier schema version are read with a warning, as nothing ties the files to them.

    Raises
    ------
    HarnessError
        There is none, it is damaged, or it was written by a newer version.
    """
    results = _parsed(folder)
    if results["schema_version"] == UNCHECKED:
        warn_once(
            f"{folder / RESULTS} was written by an earlier version, without digests: its files are unchecked. "
            "`harness eval --force` of the experiment adds them"
        )
    return results


def _parsed(folder: Path) -> dict[str, Any]:
    path = folder / RESULTS
    if not path.is_file():
        raise HarnessError(f"{folder} holds no {RESULTS}. Give the folder of a finished run.")
    try:
        if path.stat().st_size > _MOST:
            raise ValueError(f"it is larger than {_MOST:,} bytes")
        results = json.loads(path.read_bytes(), parse_constant=_refused, parse_float=_finite)
        json.dumps(results, ensure_ascii=False).encode()  # half of a surrogate pair is an error here
    except (ValueError, OSError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)[:200]
        raise HarnessError(f"{path} is damaged: {reason}. {_REMEDY}") from error
    version = results.get("schema_version") if isinstance(results, dict) else None
    if type(version) is int and version not in (UNCHECKED, SCHEMA_VERSION):
        raise HarnessError(
            f"{path} has schema version {version}; this version of harness reads {UNCHECKED} and {SCHEMA_VERSION}."
        )
    fault = fault_in(results) or _own_digest_fault(results)
    if fault is not None:
        raise HarnessError(f"{path} is damaged: {fault}. {_REMEDY}")
    return dict(results)


def _refused(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refused(text)


def _own_digest_fault(results: Mapping[str, Any]) -> str | None:
    if results["schema_version"] == UNCHECKED or results["digest"] == _digest(results):
        return None
    return "it was changed since it was written (its digest is not that of its content)"


def _digest(results: Mapping[str, Any]) -> str:
    return storage.sha256_json({key: value for key, value in results.items() if key != "digest"})


def check_files(folder: Path, results: Mapping[str, Any], names: Sequence[str]) -> None:
    """Check files of a run against the digests that its results list.

    Parameters
    ----------
    folder
        Of the run.
    results
        From ``read_results``; those of an earlier schema version list nothing to check by.
    names
        Of files, or of folders of parts. One that is not listed must not be there.

    Raises
    ------
    HarnessError
        A file is missing, or not the one that the run wrote.
    """
    if results["schema_version"] == UNCHECKED:
        return
    wrong = storage.changed_file(folder, results["files"], names)
    if wrong is not None:
        what = "is not the file that the run wrote" if (folder / wrong).exists() else "is missing"
        raise HarnessError(f"{folder / wrong} {what} (by the SHA-256 in {RESULTS}). {_REMEDY}")


def check_file_of_run(path: Path) -> None:
    """Check a table that stands beside the ``results.json`` of its run; others are not looked at.

    Raises
    ------
    HarnessError
        The file is not the one that the run wrote, or its results are damaged.
    """
    if path.name in _TABLES and (path.parent / RESULTS).is_file():
        check_files(path.parent, read_results(path.parent), [path.name])


def read_run(folder: Path) -> StoredRun:
    """Return a finished run with its per-user values.

    Raises
    ------
    HarnessError
        A file is missing, damaged, or not the one that the run wrote.
    """
    results = read_results(folder)
    check_files(folder, results, [PER_USER])
    try:
        return StoredRun(folder, results, read_per_user(folder / PER_USER, results))
    except (OSError, ValueError, TypeError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())[:200]
        raise HarnessError(f"{folder / PER_USER} is missing or damaged: {reason}. {_REMEDY}") from error


def write_run(folder: Path, results: Mapping[str, Any], per_user: pd.DataFrame, *, experiment: str) -> dict[str, Any]:
    """Describe a run whose tables are written, in ``experiment.yaml``, figures, report and, last, ``results.json``.

    Parameters
    ----------
    folder
        Of the run.
    results
        All but the digests. Those of tables that were read back are kept.
    per_user
        A row per user, for the report.
    experiment
        The resolved experiment, as YAML.

    Returns
    -------
    dict
        The results with their digests, as they are read back.
    """
    storage.write_text(folder / EXPERIMENT, experiment)
    _write_report(folder, results, per_user)
    unlisted = () if "files" in results else _TABLES
    return _write_results(folder, results, renewed=(*unlisted, *_DESCRIPTION))


def render_run(run: StoredRun) -> Path:
    """Render the report of a finished run again, renew its digest, and return its path.

    Raises
    ------
    HarnessError
        The results do not hold what a report is made of.
    """
    try:
        _write_report(run.folder, run.results, run.table.per_user)
    except (KeyError, TypeError, ValueError, AttributeError) as error:  # of values that no run writes
        raise HarnessError(f"no report can be made of {run.folder / RESULTS}: {error!r:.200}. {_REMEDY}") from error
    if run.results["schema_version"] != UNCHECKED:
        _write_results(run.folder, run.results, renewed=(REPORT, FIGURES))
    return run.folder / REPORT


def _write_report(folder: Path, results: Mapping[str, Any], per_user: pd.DataFrame) -> None:
    rendered = report.render_run(dict(results), per_user)
    write_figures(folder, rendered.figures)
    storage.write_text(folder / REPORT, rendered.html)


def _write_results(folder: Path, results: Mapping[str, Any], *, renewed: Sequence[str]) -> dict[str, Any]:
    kept = {path: digest for path, digest in results.get("files", {}).items() if path.partition("/")[0] not in renewed}
    files = kept | storage.file_digests(folder, renewed)
    whole = {key: value for key, value in results.items() if key != "digest"} | {"files": dict(sorted(files.items()))}
    plain: dict[str, Any] = json.loads(dump_json(whole))
    plain["digest"] = _digest(plain)
    storage.write_text(folder / RESULTS, dump_json(plain))
    return plain


def metric_rows(table: MetricTable) -> list[dict[str, Any]]:
    """Return what stands under ``metrics`` in ``results.json``; undefined numbers are null."""
    return [_nan_to_none(asdict(value) | {"variant": dict(value.variant)}) for value in table.values]


def _nan_to_none(row: dict[str, Any]) -> dict[str, Any]:
    return {key: None if isinstance(value, float) and math.isnan(value) else value for key, value in row.items()}


def dump_json(value: Any) -> str:
    """Return readable JSON of plain values; NaN, which JSON lacks, is an error."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_figures(folder: Path, figures: Mapping[str, str]) -> None:
    """Write SVG files into ``figures/`` and remove those of an earlier run."""
    target = storage.inside(folder, FIGURES)
    for old in target.glob("*.svg"):
        if old.name not in figures:
            old.unlink()
    for name, svg in figures.items():
        storage.write_text(storage.inside(target, name), svg)
