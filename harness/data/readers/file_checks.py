"""Files on disk: what a name says of the format, the parts of a folder, and what can be wrong with them."""

from __future__ import annotations

import contextlib
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from harness.data.readers.table_keys import TableKeys
from harness.errors import DataError, did_you_mean
from harness.storage import sha256_file
from harness.storage.input_files import is_gzip, open_bytes, special_file_kind, text_lines
from harness.storage.table_formats import TableFormat

PARQUET = (".parquet", ".pq")
FORMATS = ".csv, .tsv, .jsonl, .inter, .dat (each also with .gz), .parquet, or a folder of .parquet files"


@dataclass(frozen=True)
class Layout:
    """How a text file sets its columns apart.

    Parameters
    ----------
    delimiter
        One or more characters.
    quoted
        Whether double quotes may hold delimiters and ends of lines.
    header
        Whether the first line names the columns.
    typed
        Whether the header says ``name:type``, as RecBole's atomic files do.
    """

    delimiter: str
    quoted: bool = True
    header: bool = True
    typed: bool = False


# Titles in atomic files and MovieLens hold quotation marks that quote nothing.
_ATOMIC = Layout("\t", quoted=False, typed=True)
_LAYOUTS: dict[TableFormat, Layout] = {
    "csv": Layout(","),
    "tsv": Layout("\t"),
    "inter": _ATOMIC,
    "dat": Layout("::", quoted=False, header=False),
}
_FORMAT_OF: dict[str, TableFormat] = {
    **dict.fromkeys(PARQUET, "parquet"),
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), "jsonl"),
    **dict.fromkeys((".inter", ".item", ".user"), "inter"),
    ".csv": "csv",
    ".tsv": "tsv",
    ".dat": "dat",
}
_TEXT = ".txt"  # says nothing of its delimiter, which must be given


def suffix_of(path: Path) -> str:
    """Return the end of a name that decides how the file is read, ``.gz`` apart.

    Examples
    --------
    >>> suffix_of(Path("Plays.CSV.gz"))
    '.csv'
    """
    return Path(path.stem).suffix.lower() if is_gzip(path) else path.suffix.lower()


def format_of(path: Path, form: TableFormat | None, *, delimiter: str | None, keys: TableKeys) -> TableFormat:
    """Return the format of a file or folder: the one that is named, or that its name ends in.

    Parameters
    ----------
    path
        A file, or a folder, which holds parquet.
    form
        As the user names it; None: as the name says.
    delimiter
        As the user names it, which makes of ``.txt`` a file with that delimiter.
    keys
        What the user may set, for messages.

    Raises
    ------
    DataError
        The format is not known, or does not go with the folder or the delimiter.
    """
    found = form
    if path.is_dir():
        if form not in (None, "parquet"):
            raise DataError(f"{path} is a folder, which holds parquet, and {keys.form} is {form}. Leave it out.")
        found = "parquet"
    elif form is None:
        suffix = suffix_of(path)
        found = "csv" if suffix == _TEXT and delimiter is not None else _FORMAT_OF.get(suffix)
        if found is None or (found == "parquet" and is_gzip(path)):
            also = f", or name the delimiter of a .txt file in {keys.delimiter}" if suffix == _TEXT else ""
            named = f", or name the format in {keys.form}, as one of {', '.join(keys.formats)}"
            raise DataError(
                f"{path}: the format is not known by the name's end. Use {FORMATS}"
                f"{also if keys.delimiter else ''}{named if keys.form else ''}."
            )
    if delimiter is not None and found not in _LAYOUTS:
        raise DataError(
            f"{path}: {keys.delimiter} is {delimiter!r}, which only a text file such as .csv has. Leave it out."
        )
    assert found is not None  # noqa: S101  (settled above)
    return found


def layout_of(form: TableFormat, delimiter: str | None) -> Layout:
    """Return how a text file sets its columns apart: as its format says, but for a delimiter that is given."""
    layout = _LAYOUTS[form]
    if delimiter is None:
        return layout
    if delimiter == r"\t":  # as it is typed in a shell, or between single quotes in YAML
        delimiter = "\t"
    return Layout(delimiter, layout.quoted and _is_simple(delimiter), layout.header, layout.typed)


def check_file(path: Path, *, key: str) -> None:
    """Check that there is a file with something in it, or a folder.

    Parameters
    ----------
    path
        What is to be read.
    key
        Where the experiment names it.

    Raises
    ------
    DataError
        There is none, it is empty, or it is something else, such as a device.
    """
    odd = special_file_kind(path)
    if path.is_dir():
        return
    if odd is not None:
        raise DataError(f"{path} is {odd}, not a regular file. Give a file, as {FORMATS}.")
    if not path.exists():
        beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = did_you_mean(path.name, beside)
        raise DataError(
            f"{path}: there is no such file. {hint if hint.startswith('Did') else f'Check {key}.'} "
            "A relative path starts at the working directory."
        )
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty. Give a file with a header and rows.")


@dataclass(frozen=True)
class FolderParts:
    """The files of a folder.

    Parameters
    ----------
    files
        Its parquet files, by name.
    ignored
        Names of files that are neither parquet nor marks such as ``_SUCCESS`` and hidden ones.
    """

    files: tuple[Path, ...]
    ignored: tuple[str, ...]


def parts_of(folder: Path) -> FolderParts:
    """Return the files of a folder of parquet parts, in the order of their names.

    Raises
    ------
    DataError
        It holds no parquet file, or folders, whose rows would be left out.
    """
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith(("_", ".")))
    below = [entry.name for entry in entries if entry.is_dir()]
    if below:
        raise DataError(
            f"{folder} holds a folder, '{below[0]}', whose rows would be left out. "
            "Put all parts into one folder, or write them as one .parquet file."
        )
    files = tuple(entry for entry in entries if entry.suffix.lower() in PARQUET)
    if not files:
        raise DataError(f"{folder} is a folder without a .parquet file. Give one file or folder, as {FORMATS}.")
    odd = next((file for file in files if special_file_kind(file) is not None), None)
    if odd is not None:
        raise DataError(f"{odd} is {special_file_kind(odd)}, not a regular file. Remove it from the folder.")
    empty = [file for file in files if file.stat().st_size == 0]
    if empty:
        raise DataError(f"{empty[0]}: the part is empty, not even parquet. Write it again, or remove it.")
    return FolderParts(files, tuple(entry.name for entry in entries if entry not in files))


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, or of those of a folder's parts in their order, as hex."""
    if not path.is_dir():
        return sha256_file(path)
    return hashlib.sha256("\n".join(map(sha256_file, parts_of(path).files)).encode()).hexdigest()


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what readers raise on damaged files into one message.

    Raises
    ------
    DataError
        The block could not read the file.
    """
    try:
        yield
    except (pa.ArrowException, OSError, EOFError, UnicodeError, zlib.error) as error:
        raise DataError(f"{path}: the file cannot be read: {_reason(error)}. Write it again as {FORMATS}.") from error


def id_lines(path: Path) -> list[str]:
    """Return the lines of a text file that lists ids, one a line; spaces are part of an id.

    Raises
    ------
    DataError
        There is no such file, or it cannot be read as UTF-8.
    """
    remedy = "Give a text file of one id a line; a relative path starts at the working directory."
    odd = special_file_kind(path)
    if odd is not None:
        raise DataError(f"{path} is {odd}, where a list of ids is needed. {remedy}")
    try:
        return text_lines(path)
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: the list of ids is not UTF-8 text. Write it so, one id a line.") from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: the list of ids cannot be read: {_reason(error)}. {remedy}") from error


def not_utf8(path: Path) -> DataError | None:
    """Return the error that names the first line which is not UTF-8, if one is not."""
    with open_bytes(path) as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                byte = line[error.start]
                return DataError(
                    f"{path}, line {number}: the text is not UTF-8 (byte 0x{byte:02x}). "
                    "Convert the file, such as by: iconv -f LATIN1 -t UTF-8, or write it as .parquet."
                )
    return None


def _is_simple(delimiter: str) -> bool:
    return len(delimiter.encode()) == 1


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(text.split())[:200].rstrip(".")
