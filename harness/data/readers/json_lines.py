"""Read JSON lines: one object per line, as reviews are often published."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.json

from harness.data.readers.file_checks import not_utf8
from harness.data.readers.table_reader import TableReader
from harness.errors import DataError
from harness.storage.input_files import open_bytes

_LINES_FOR_KEYS = 1_000
_ARROW_TYPES: dict[type, pa.DataType] = {str: pa.string(), int: pa.int64(), float: pa.float64()}
_KINDS = {str: "text", int: "a number", float: "a number", bool: "true or false", list: "a list", dict: "an object"}


@dataclass(frozen=True)
class JsonLinesReader(TableReader):
    """A file of JSON objects.

    Its columns are the keys of the first thousand objects, and the usual names that only occur later.
    """

    @classmethod
    def open(cls, path: Path, *, usual: Sequence[str] = (), delimiter: str | None = None) -> Self:
        """Open a file and read the keys of its objects.

        Raises
        ------
        DataError
            The file is one JSON array, is empty, or its first lines are not objects.
        """
        names: dict[str, None] = {}
        for _, entry in islice(_objects(path), _LINES_FOR_KEYS):
            names.update(dict.fromkeys(entry))
        if not names:
            raise DataError(f"{path}: the file is empty. Give a file with one JSON object per line.")
        late = _late_keys(path, {name for name in usual if name not in names})
        return cls(path, (*names, *(name for name in usual if name in late)))

    def read(self, columns: Sequence[str], *, text: Sequence[str]) -> pa.Table:
        """Read some keys of all objects; a key that an object lacks is null.

        Raises
        ------
        DataError
            A line is not a JSON object, or a key holds values of several kinds.
        """
        table = self._parse_by_arrow(columns)
        return self._parse_by_python(columns) if table is None else table

    def _parse_by_arrow(self, columns: Sequence[str]) -> pa.Table | None:
        """Return the columns in the types of their first values, or None if Arrow cannot read them so."""
        types: dict[str, pa.DataType] = {}
        for _, entry in islice(_objects(self.path), _LINES_FOR_KEYS):
            for name in columns:
                kind = _ARROW_TYPES.get(type(entry.get(name)))
                if kind is not None:
                    # A float among integers: both are read as floats.
                    types[name] = kind if types.get(name) != pa.float64() else types[name]
        if len(types) < len(columns):
            return None
        schema = pa.schema([(name, types[name]) for name in columns])
        options = pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
        try:
            with open_bytes(self.path) as stream:
                return pyarrow.json.read_json(stream, parse_options=options).select(list(columns))
        except pa.ArrowException:
            return None

    def _parse_by_python(self, columns: Sequence[str]) -> pa.Table:
        rows: dict[str, list[Any]] = {name: [] for name in columns}
        kinds: dict[str, str] = {}
        for number, entry in _objects(self.path):
            for name in columns:
                value = entry.get(name)
                if value is not None:
                    kind = _KINDS[type(value)]
                    if kinds.setdefault(name, kind) != kind:
                        raise DataError(
                            f"{self.path}, line {number}: '{name}' is {kind} where it was {kinds[name]} before. "
                            "Write it the same way in all lines."
                        )
                    if isinstance(value, int) and not -(2**63) <= value < 2**63:
                        raise DataError(
                            f"{self.path}, line {number}: '{name}' is {str(value)[:40]}, which does not fit into 64 "
                            "bits. Write ids of such length as text."
                        )
                rows[name].append(value)
        try:
            return pa.table(rows)
        except UnicodeEncodeError as error:
            raise DataError(f"{self.path}: the text holds half a character, such as \\ud800. Fix that line.") from error


def _late_keys(path: Path, names: set[str]) -> set[str]:
    """Return which of some keys occur anywhere in the file."""
    # Most lines are skipped by their bytes alone: parsing them all costs twenty times as much.
    written = {name: f'"{name}"'.encode() for name in names}
    found: set[str] = set()
    if not written:
        return found
    with open_bytes(path) as stream:
        for line in stream:
            for name, key in written.items():
                if name not in found and key in line and _has_key(line, name):
                    found.add(name)
            if len(found) == len(written):
                break
    return found


def _has_key(line: bytes, name: str) -> bool:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return False  # reported, with its number, when the rows are read
    return isinstance(entry, dict) and name in entry


def _objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the number and the object of each line that is not blank."""
    with open_bytes(path) as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                entry = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except UnicodeDecodeError as error:
                raise not_utf8(path) or DataError(f"{path}: the text is not UTF-8.") from error
            except (ValueError, RecursionError) as error:
                raise _syntax_error(path, number, line, error) from error
            if isinstance(entry, list):
                raise _array_error(path)
            if not isinstance(entry, dict):
                raise DataError(
                    f"{path}, line {number}: {_KINDS.get(type(entry), 'null')} where a JSON object is needed. "
                    'Write one object per line, such as {"user": "ann", "item": 7}.'
                )
            yield number, entry


def _syntax_error(path: Path, number: int, line: bytes, error: Exception) -> DataError:
    if number == 1 and line.lstrip().startswith(b"["):
        return _array_error(path)
    reason = f"{error.msg} at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else str(error)
    return DataError(
        f"{path}, line {number}: the line is not a JSON object: {reason}. "
        "Fix or remove the line; each object needs a line of its own."
    )


def _array_error(path: Path) -> DataError:
    return DataError(
        f"{path}: the file is one JSON array, where one object per line is needed. "
        f"Convert it, such as by: jq -c '.[]' {path.name} > {path.stem}.jsonl"
    )
