"""Choose the reader of a table by the suffix of its name, or by the format that the user set."""

from __future__ import annotations

from pathlib import Path

from harness import registry
from harness.data.readers.table_keys import TableKeys
from harness.data.readers.table_reader import TableReader
from harness.errors import DataError, HarnessError
from harness.storage.input_files import is_gzip
from harness.storage.table_formats import FORMATS, TableFormat

_TEXT = ".txt"  # says nothing about the delimiter, which the user must set


def suffix_of(path: Path) -> str:
    """Return the suffix that decides how a file is read, in lower case and without ``.gz``.

    Examples
    --------
    >>> suffix_of(Path("Plays.CSV.gz"))
    '.csv'
    """
    return Path(path.stem).suffix.lower() if is_gzip(path) else path.suffix.lower()


def reader_of(path: Path, form: TableFormat | None, *, delimiter: str | None, keys: TableKeys) -> type[TableReader]:
    """Return the reader class of a file or folder.

    Parameters
    ----------
    path
        A file, or a folder of parquet files.
    form
        The format that the user set; None chooses by the suffix.
    delimiter
        The delimiter that the user set, which also makes a ``.txt`` file readable; None for the format's own.
    keys
        The settings of this table, for messages.

    Raises
    ------
    DataError
        The format is not known, or does not go with the folder or the delimiter.
    """
    name: str
    if path.is_dir():
        if form not in (None, "parquet"):
            raise DataError(f"{path} is a folder, which must hold parquet, but {keys.form} is {form}. Leave it out.")
        name = "parquet"
    elif form is not None:
        name = form
    else:
        suffix = suffix_of(path)
        name = "csv" if suffix == _TEXT and delimiter is not None else suffix.removeprefix(".")
        known = registry.table("readers")
        if name not in known or (is_gzip(path) and not _load(name).takes_gzip):
            raise _unknown(path, suffix, keys)
    reader = _load(name)
    if delimiter is not None and not reader.takes_delimiter:
        raise DataError(
            f"{path}: {keys.delimiter} is {delimiter!r}, which only a text file such as .csv has. Leave it out."
        )
    return reader


def _load(name: str) -> type[TableReader]:
    reader: type[TableReader] = registry.load("readers", name)
    if not (isinstance(reader, type) and issubclass(reader, TableReader)):
        raise HarnessError(
            f"the reader '{name}' from {registry.table('readers')[name]} is not a subclass of "
            "harness.data.TableReader. Change the package, or uninstall it."
        )
    return reader


def _unknown(path: Path, suffix: str, keys: TableKeys) -> DataError:
    more = sorted(f".{name}" for name in set(registry.table("readers")) - set(registry.BUILT_IN["readers"]))
    also = f", or {', '.join(more)}" if more else ""
    if suffix == _TEXT and keys.delimiter:
        also += f", or set the delimiter of a .txt file in {keys.delimiter}"
    if keys.form:
        also += f", or set the format in {keys.form} to one of {', '.join(keys.formats)}"
    return DataError(f"{path}: the suffix of the name does not say the format. Use {FORMATS}{also}.")
