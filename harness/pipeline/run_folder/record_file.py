"""Read, check and write the record of a run: the file ``results.json``."""

from __future__ import annotations

import functools
import json
import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from harness import storage
from harness.artifacts import RunRecord, to_json
from harness.errors import HarnessError
from harness.models.run_messages import warn_once

logger = logging.getLogger("harness")

RESULTS = "results.json"
SCHEMA_VERSION: Final = 2
UNCHECKED: Final = 1  # the schema version whose files have no digests
REMEDY = "Run the experiment again with --force."

_LATER = ("profile",)  # keys of schema version 2 that its first files lack
_MOST = 1 << 28  # bytes of results.json
_LONGEST_INTEGER = 300  # digits; more do not fit a float


def read_record(folder: Path) -> RunRecord:
    """Return the record of a finished run, checked against its own digest.

    A record of an earlier schema version is read with a warning, since nothing ties the files to it.

    Raises
    ------
    HarnessError
        There is none, it is damaged, or a newer version wrote it.
    """
    record = record_of(folder)
    if record.schema_version == UNCHECKED:
        warn_once(
            f"{folder / RESULTS} was written by an earlier version, without digests: its files are unchecked. "
            "`harness eval --force` of the experiment adds them"
        )
    return record


def earlier_record(folder: Path) -> RunRecord | None:
    """Return the record in a folder, of any version; None where there is none that can be read."""
    try:
        return record_of(folder)
    except HarnessError:
        return None


def record_of(folder: Path) -> RunRecord:
    """Return the record of a finished run as ``read_record`` does, without a warning."""
    return _record(_parsed(folder), folder / RESULTS)


def write_record(folder: Path, record: RunRecord, *, renewed: Iterable[str]) -> RunRecord:
    """Write the record of a run with the digests of its files, and return it as it reads back.

    Parameters
    ----------
    folder
        Folder of the run.
    record
        The digests that it holds are kept, but for those that are renewed.
    renewed
        Names of the files and folders whose digests are computed.
    """
    return _write(folder, to_json(record), renewed)


def rewrite_record(
    folder: Path, parsed: Mapping[str, Any], changes: Mapping[str, Any], *, renewed: Iterable[str]
) -> RunRecord:
    """Write a record that was read before with some of its keys changed; keys of other versions stay.

    Parameters
    ----------
    folder
        Folder of the run.
    parsed
        From ``parsed_record``.
    changes
        Values by key, as the attributes of the record.
    renewed
        Names of the files and folders whose digests are computed.
    """
    return _write(folder, {**parsed, **to_json(changes)}, renewed)


def parsed_record(folder: Path) -> dict[str, Any]:
    """Return the content of ``results.json`` that ``rewrite_record`` takes, after it was checked.

    Raises
    ------
    HarnessError
        As ``read_record``.
    """
    parsed = _parsed(folder)
    _record(parsed, folder / RESULTS)
    return parsed


def dump_json(value: Any) -> str:
    """Return readable JSON of plain values; NaN, which JSON lacks, is an error."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _write(folder: Path, content: Mapping[str, Any], renewed: Iterable[str]) -> RunRecord:
    names = tuple(renewed)
    kept = {path: digest for path, digest in content.get("files", {}).items() if path.partition("/")[0] not in names}
    files = dict(sorted((kept | storage.file_digests(folder, names)).items()))
    content = {key: value for key, value in content.items() if key != "digest"} | {"files": files}
    content["digest"] = _digest(content)
    storage.write_text(folder / RESULTS, dump_json(content))
    return _record(content, folder / RESULTS)


def _parsed(folder: Path) -> dict[str, Any]:
    path = folder / RESULTS
    if not path.is_file():
        seeds = sorted(path.name for path in folder.glob("seed-*") if (path / RESULTS).is_file())
        hint = f"one of its seeds, such as {folder / seeds[0]}" if seeds else "the folder of a finished run"
        raise HarnessError(f"{folder} holds no {RESULTS}. Give {hint}.")
    try:
        if path.stat().st_size > _MOST:
            raise ValueError(f"it is larger than {_MOST:,} bytes")
        parsed = json.loads(path.read_bytes(), parse_constant=_refused, parse_float=_finite, parse_int=_integer)
        json.dumps(parsed, ensure_ascii=False).encode()  # half of a surrogate pair is an error here
    except (ValueError, OSError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)[:200]
        raise HarnessError(f"{path} is damaged: {reason}. {REMEDY}") from error
    if not isinstance(parsed, dict):
        raise HarnessError(f"{path} is damaged: it holds {type(parsed).__name__}, where a map is needed. {REMEDY}")
    return parsed


def _record(parsed: Mapping[str, Any], path: Path) -> RunRecord:
    """Return the record that parsed JSON holds; an error names the file and the field."""
    version = parsed.get("schema_version")
    if type(version) is int and version not in (UNCHECKED, SCHEMA_VERSION):
        raise HarnessError(
            f"{path} has schema version {version}; this version of harness reads {UNCHECKED} and {SCHEMA_VERSION}."
        )
    try:
        record = _adapter().validate_json(json.dumps(parsed), strict=True)
    except ValidationError as error:
        raise HarnessError(f"{path} is damaged: {_fault(error)}. {REMEDY}") from error
    fault = _fault_between_fields(record, parsed)
    if fault is not None:
        raise HarnessError(f"{path} is damaged: {fault}. {REMEDY}")
    return replace(record, experiment=replace(record.experiment, resolved=parsed["experiment"]))


def _fault(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing":
        return f"{field} is missing"
    return f"{field}: {first['msg']}"


def _fault_between_fields(record: RunRecord, parsed: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a record whose fields have the right types; None where nothing is."""
    if "split" not in record.fingerprints:
        return "fingerprints.split is missing"
    labels = [value.label for value in record.metrics]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice is not None:
        return f"metrics: the label '{twice}' occurs twice"
    if record.schema_version == UNCHECKED:
        return None
    required = [field.name for field in fields(RunRecord) if field.name not in _LATER]
    missing = next((name for name in required if name not in parsed), None)
    if missing is not None:
        return f"{missing} is missing"
    if record.digest != _digest(parsed):
        return "it was changed since it was written (its digest is not that of its content)"
    return None


def _digest(content: Mapping[str, Any]) -> str:
    return storage.sha256_json({key: value for key, value in content.items() if key != "digest"})


@functools.cache
def _adapter() -> TypeAdapter[RunRecord]:
    return TypeAdapter(RunRecord)


def _refused(word: str) -> float:
    raise ValueError(f"{word} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refused(text)


def _integer(text: str) -> int:
    if len(text) > _LONGEST_INTEGER:
        raise ValueError(f"it holds an integer of {len(text):,} digits")
    return int(text)
