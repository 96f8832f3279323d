"""Write an experiment file for a table, with the reason for each guess: ``harness init``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness import data, storage
from harness.data.readers.column_guess import ColumnGuess, guess_columns
from harness.data.readers.columns import ColumnLocation, ratings_of
from harness.data.readers.interaction_files import read_interactions
from harness.data.readers.open_table import open_table, read_columns
from harness.data.readers.table_reader import TableReader
from harness.data.splits.split_proposal import SplitProposal, propose_split
from harness.data.times.time_columns import times_of
from harness.errors import DataError, HarnessError
from harness.experiment import COMPARISONS
from harness.experiment.load import experiment_of
from harness.experiment.yaml_nodes import YamlLocation, parse
from harness.pipeline.commands.starter_text import starter_text
from harness.storage.table_formats import TableFormat

_FLAGS = data.TableKeys(path="TABLE", delimiter="--delimiter", form="--file-format", column="--{}")
_USUAL = ("user", "item", "rating", "timestamp")
_MEANINGS = ("user", "item", "timestamp", "rating")


@dataclass(frozen=True)
class StarterOptions:
    """Options of a starter experiment.

    Parameters
    ----------
    columns
        Meaning (``user``, ``item``, ``timestamp``, ``rating``) to the name of its column, for those that are not
        guessed.
    delimiter, form
        As in ``dataset.delimiter`` and ``dataset.format``.
    force
        Whether to replace a file.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    form: TableFormat | None = None
    force: bool = False


@dataclass(frozen=True)
class StarterExperiment:
    """An experiment file that was written for a table.

    Parameters
    ----------
    path
        The file.
    guesses
        The columns, with the reason for each.
    split
        The split, with the reason for it.
    """

    path: Path
    guesses: tuple[ColumnGuess, ...]
    split: SplitProposal


def init(table: Path, out: Path | None = None, options: StarterOptions | None = None) -> StarterExperiment:
    """Write an experiment file that evaluates a popularity baseline on a table.

    Parameters
    ----------
    table
        A table of interactions, in any format that ``dataset.path`` takes.
    out
        The file; None for the name of the table with the suffix ``.yaml``, in the working directory.
    options
        Names of columns and the format of the table; None to guess them.

    Raises
    ------
    HarnessError
        The file exists, the table cannot be read, or no column or several columns may hold users or items.
    """
    chosen = StarterOptions() if options is None else options
    path = Path(f"{_stem(table)}.yaml") if out is None else out
    if path.exists() and not chosen.force:
        raise HarnessError(f"{path} exists. Name another file with --out, or replace it with --force.")
    reader = open_table(table, delimiter=chosen.delimiter, form=chosen.form, usual=_USUAL, keys=_FLAGS)
    named = {meaning: chosen.columns.get(meaning) for meaning in _MEANINGS}
    guesses = tuple(
        guess if named[guess.meaning] is not None else _checked(guess, reader)
        for guess in guess_columns(reader, named, _FLAGS)
    )
    columns = {guess.meaning: guess.column for guess in guesses}
    file = read_interactions(
        table, columns, delimiter=chosen.delimiter, form=chosen.form, timestamp_unit="auto", keys=_FLAGS
    )
    split = propose_split(file.interactions)
    source = {"path": str(table), "delimiter": chosen.delimiter, "format": chosen.form}
    text = starter_text(f"{_stem(table)}/popularity", source, guesses, file.interactions, split)
    # Names with control characters are refused, as in any file; then nothing is written.
    root = parse(text, lambda line: YamlLocation(str(path), line))
    assert root is not None  # noqa: S101  (only an empty text has none)
    experiment_of(root)
    storage.write_text(path, text)
    return StarterExperiment(path, guesses, split)


def _stem(table: Path) -> str:
    name = re.sub(r"[^\w-]+", "-", table.resolve().name.split(".")[0]).strip("-")
    return name if name and name.casefold() != COMPARISONS else "table"


def _checked(guess: ColumnGuess, reader: TableReader) -> ColumnGuess:
    """Return a guess; without its column if the values of the column do not fit the meaning."""
    column = guess.column
    # A column that is called like the meaning is read in any case, so its faults are errors.
    if column is None or guess.meaning in ("user", "item") or column == guess.meaning:
        return guess
    place = ColumnLocation(str(reader.path), column)
    try:
        values = read_columns(reader, [column], text=[]).column(column)
        if guess.meaning == "timestamp":
            times_of(values, place=place, unit="auto")
        else:
            ratings_of(values, place=place)
    except DataError as error:
        return ColumnGuess(guess.meaning, None, f"'{column}' looks like it by its name, but: {error}")
    return guess
