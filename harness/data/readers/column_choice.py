"""Find the columns of a table by their meaning: user, item, timestamp, rating."""

from __future__ import annotations

from collections.abc import Mapping

from harness.data.readers.table_keys import DATASET_KEYS, TableKeys
from harness.data.readers.table_reader import TableReader
from harness.errors import DataError, did_you_mean


def choose_columns(
    names: Mapping[str, str | None], reader: TableReader, keys: TableKeys = DATASET_KEYS
) -> dict[str, str]:
    """Return the column of each meaning.

    Parameters
    ----------
    names
        Meaning to the name of its column. None takes the column of the same name as the meaning, if there is one.
    reader
        The table.
    keys
        The settings of this table, for messages.

    Raises
    ------
    DataError
        A column is missing, occurs twice, or is named for two meanings.
    """
    chosen: dict[str, str] = {}
    for meaning, name in names.items():
        if name is not None:
            chosen[meaning] = require_column(name, reader, meaning=meaning, key=keys.column_key(meaning), keys=keys)
        elif meaning in reader.columns:
            chosen[meaning] = unique_column(meaning, reader)
    named = [column for meaning, column in chosen.items() if names[meaning] is not None]
    repeated = next((column for column in named if named.count(column) > 1), None)
    if repeated is not None:
        raise DataError(f"{reader.path}: column '{repeated}' is named twice. Each meaning needs a column of its own.")
    # A column that was named for another meaning is not taken again under its own name.
    return {meaning: column for meaning, column in chosen.items() if names[meaning] is not None or column not in named}


def unique_column(name: str, reader: TableReader) -> str:
    """Return the name of a column, which must occur once.

    Raises
    ------
    DataError
        Two columns have the name.
    """
    if reader.columns.count(name) > 1:
        raise DataError(f"{reader.path}: two columns are called '{name}'. Rename one of them.")
    return name


def require_column(name: str, reader: TableReader, *, meaning: str, key: str | None, keys: TableKeys) -> str:
    """Return the name of a column that must be in the table.

    Parameters
    ----------
    name
        The name that the user gave; the format may call the column otherwise.
    reader
        The table.
    meaning, key
        What the column is for, and the setting that names it, for messages; None if there is no such setting.
    keys
        The other settings of this table, for messages.

    Raises
    ------
    DataError
        The table has no such column, or two of them.
    """
    if name in reader.columns:
        return unique_column(name, reader)
    alias = reader.alias_of(name)
    if alias is not None:
        return alias
    hint = reader.missing_column_hint(keys)
    close = did_you_mean(name, reader.columns)
    if not hint and close.startswith("Did"):
        hint = f"{close} "
    columns = ", ".join(repr(column[:40]) for column in reader.columns[:20])
    more = ", ..." if len(reader.columns) > 20 else ""
    remedy = f"Name the right one with {key}." if key is not None else f"Rename the right one to '{name}'."
    raise DataError(
        f"{reader.path}: there is no column '{name}' for the {meaning}. {hint}"
        f"The columns are: {columns}{more}. {remedy}"
    )
