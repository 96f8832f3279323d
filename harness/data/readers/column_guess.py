"""Guess which columns of a table hold users, items, times and ratings, from their names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.data.readers.column_choice import require_column
from harness.data.readers.table_keys import TableKeys
from harness.data.readers.table_reader import TableReader
from harness.errors import DataError

# Words of names in data sets of shops, films, music, books, news and jobs; the meaning itself comes first.
_WORDS: dict[str, tuple[str, ...]] = {
    "user": (
        *("user", "uid", "customer", "client", "member", "visitor", "reviewer", "shopper", "buyer", "account"),
        *("person", "reader", "viewer", "listener", "player", "session"),
    ),
    "item": (
        *("item", "iid", "product", "sku", "article", "asin", "movie", "film", "track", "song", "artist", "album"),
        *("book", "isbn", "business", "video", "game", "recipe", "job", "news", "ad", "poi", "venue", "content"),
    ),
    "timestamp": ("timestamp", "time", "ts", "datetime", "date", "when", "unixtime", "created", "day"),
    "rating": ("rating", "score", "stars", "star", "overall", "preference", "value"),
}
_OF_IDS = ("id", "ids", "key", "code", "no", "number", "nr", "hash", "index", "idx")


@dataclass(frozen=True)
class ColumnGuess:
    """A column and what it is taken for.

    Parameters
    ----------
    meaning
        ``user``, ``item``, ``timestamp`` or ``rating``.
    column
        Name of the column; None if the table seems to have none.
    reason
        Why, as the end of a sentence.
    """

    meaning: str
    column: str | None
    reason: str


def guess_columns(reader: TableReader, named: Mapping[str, str | None], keys: TableKeys) -> tuple[ColumnGuess, ...]:
    """Return the columns of users, items, times and ratings.

    A column whose name is a meaning, such as ``user`` or ``userId``, comes first; then columns whose names hold one of
    its words, such as ``reviewer_id``.

    Parameters
    ----------
    reader
        The table.
    named
        Meaning to the name of its column, or None where it is to be guessed.
    keys
        The settings of this table, for messages.

    Raises
    ------
    DataError
        A named column does not exist, or no column or several columns may hold the users or the items.

    Examples
    --------
    >>> _likely(["reviewerID", "asin", "unixReviewTime", "overall"], "user"), _likely(["userId", "user_name"], "user")
    (['reviewerID'], ['userId'])
    """
    taken = [name for name in named.values() if name is not None]
    guesses = []
    for meaning in _WORDS:
        name = named.get(meaning)
        if name is not None:
            column = require_column(name, reader, meaning=meaning, key=keys.column_key(meaning), keys=keys)
            guesses.append(ColumnGuess(meaning, column, f"{keys.column_key(meaning)} names it"))
        else:
            free = [column for column in reader.columns if column not in taken]
            guesses.append(_guess(meaning, free, reader, keys))
        taken += [column for column in (guesses[-1].column,) if column is not None]
    return tuple(guesses)


def _guess(meaning: str, columns: Sequence[str], reader: TableReader, keys: TableKeys) -> ColumnGuess:
    likely, flag = _likely(columns, meaning), keys.column_key(meaning)
    if len(likely) == 1 or (likely and meaning in ("timestamp", "rating")):
        others = f"; {_quoted(likely[1:])} may be, too: {flag} chooses" if len(likely) > 1 else ""
        word = next(part for part in _parts(likely[0]) if part in _WORDS[meaning])
        return ColumnGuess(meaning, likely[0], f"its name has the word '{word}'{others}")
    if meaning in ("timestamp", "rating"):
        return ColumnGuess(meaning, None, f"no column has such a name; {flag} names one")
    if likely:
        choices = " or ".join(f"{flag} {column}" for column in likely[:4])
        raise DataError(f"{reader.path}: {_quoted(likely)} may each hold the {meaning}. Choose one: {choices}.")
    raise DataError(
        f"{reader.path}: no column's name says that it holds the {meaning}. {reader.missing_column_hint(keys)}"
        f"The columns are: {_quoted(reader.columns)}. Name the right one with {flag}."
    )


def _likely(columns: Sequence[str], meaning: str) -> list[str]:
    """Return the columns that may have a meaning: those with the best match of their names."""
    words = _WORDS[meaning]
    matches: dict[int, list[str]] = {}
    for column in columns:
        parts = _parts(column)
        bare = [part for part in parts if part not in _OF_IDS]
        if bare == [meaning]:
            matches.setdefault(0, []).append(column)
        elif len(bare) == 1 and bare[0] in words:
            matches.setdefault(1, []).append(column)
        elif any(part in words for part in parts):
            matches.setdefault(2, []).append(column)
    return matches[min(matches)] if matches else []


def _parts(column: str) -> list[str]:
    """Return the words of a name: ``unixReviewTime`` has unix, review and time.

    Examples
    --------
    >>> _parts("unixReviewTime"), _parts("USER_ID"), _parts("userid")
    (['unix', 'review', 'time'], ['user', 'id'], ['user', 'id'])
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", column)
    parts = [part for part in re.split(r"[^a-z0-9]+", spaced.lower()) if part]
    known = {word for words in _WORDS.values() for word in words}
    whole = [(part[:-2], "id") if part.endswith("id") and part[:-2] in known else (part,) for part in parts]
    return [part for group in whole for part in group]


def _quoted(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name[:40]}'" for name in names[:12])
    return f"{shown}, …" if len(names) > 12 else shown
