"""Validation errors with the path of the invalid value and a message for the user."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from harness.errors import did_you_mean
from harness.experiment.yaml_nodes import Step

Path = tuple[Step, ...]
KeysAt = Callable[[Path], Sequence[str]]

_MISSING = frozenset({"missing", "missing_argument", "missing_keyword_only_argument"})
_UNKNOWN = frozenset({"unexpected_keyword_argument", "extra_forbidden"})
_LONGEST = 60  # characters of a value in a message

# What is needed instead, by pydantic's error type. Braces hold fields of the error's context.
_NEEDED = {
    "bool_type": "true or false",
    "dataclass_type": "a map",
    "dict_type": "a map",
    "finite_number": "a finite number",
    "float_type": "a number",
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "{ge:g} or more",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "less_than": "less than {lt:g}",
    "less_than_equal": "{le:g} or less",
    "list_type": "a list",
    "literal_error": "{expected}",
    "none_required": "null",
    "string_too_short": "text that is not empty",
    "string_type": "text",
    "too_short": "{min_length} entry or more",
    "tuple_type": "a list",
}


class FaultError(ValueError):
    """An invalid value and its path within the value that is validated.

    Parameters
    ----------
    path
        Keys and indices that lead to the invalid value.
    message
        What is wrong, what was found, and what would work.
    """

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message


def shown(value: Any) -> str:
    """Return a short text of a value for an error message, written as in YAML.

    Examples
    --------
    >>> shown(None), shown(True), shown("a"), shown([1, 2])
    ('null', 'true', "'a'", 'a list')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a map"
    if isinstance(value, (list, tuple)):
        return "a list" if value else "an empty list"
    text = repr(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def dotted(path: Sequence[Step]) -> str:
    """Return a path in dotted notation.

    Examples
    --------
    >>> dotted(("dataset", "filters", 0, "value"))
    'dataset.filters[0].value'
    """
    return "".join(f"[{step}]" if isinstance(step, int) else f".{_printable(step)}" for step in path).removeprefix(".")


def _printable(key: str) -> str:
    return key if key.isprintable() else repr(key)


def unknown_key(key: str, where: Path, options: Sequence[str]) -> FaultError:
    """Return the error for an unknown key of a map."""
    inside = f" in {dotted(where)}" if where else ""
    return FaultError((*where, key), f"unknown key {shown(key)}{inside}. {did_you_mean(key, options)}".rstrip())


def faults_of(error: ValidationError, plain: Any, *, keys_at: KeysAt = lambda _: ()) -> list[FaultError]:
    """Translate a pydantic error into faults, one per invalid path.

    Parameters
    ----------
    error
        The pydantic error.
    plain
        The validated value as dicts, lists and scalars.
    keys_at
        Function from the path of a map to its allowed keys, for suggestions.
    """
    needed: dict[Path, list[str]] = {}
    faults: list[FaultError] = []
    for detail in error.errors(include_url=False):
        path = _path_in_file(detail, plain)
        if detail["type"] in _NEEDED:
            phrase = _NEEDED[detail["type"]].format(**detail.get("ctx", {}))
            needed.setdefault(path, []).append(phrase)
        else:
            faults.append(_fault_of(detail, path, plain, keys_at))
    for path, phrases in needed.items():
        value = _value_at(plain, path)
        words = " or ".join(dict.fromkeys(phrases))
        quotes = " (in quotes)" if words == "text" and value is not None and not isinstance(value, (dict, list)) else ""
        where = dotted(path) or "it"
        faults.append(FaultError(path, f"{where} is {shown(value)}; {words} is needed{quotes}"))
    return faults


def _path_in_file(detail: ErrorDetails, plain: Any) -> Path:
    # pydantic adds the branch of a union to the path. The file has no such key.
    steps = detail["loc"]
    if detail["type"] in _MISSING | _UNKNOWN:
        return steps
    for length in range(len(steps) + 1):
        try:
            _value_at(plain, steps[:length])
        except LookupError:
            return steps[: length - 1]
    return steps


def _value_at(plain: Any, path: Path) -> Any:
    for step in path:
        if not isinstance(plain, list if isinstance(step, int) else dict):
            raise LookupError(step)
        entries: Any = plain
        plain = entries[step]
    return plain


def _fault_of(detail: ErrorDetails, path: Path, plain: Any, keys_at: KeysAt) -> FaultError:
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, FaultError):
        return FaultError((*path, *cause.path), cause.message)
    if detail["type"] in _MISSING:
        inside = f" in {dotted(path[:-1])}" if path[:-1] else ""
        return FaultError(path, f"missing key {shown(path[-1])}{inside}")
    if detail["type"] in _UNKNOWN:
        return unknown_key(str(path[-1]), path[:-1], keys_at(path[:-1]))
    where = f"{dotted(path)}: " if path else ""
    if isinstance(cause, Exception):
        return FaultError((*path, *_named_option(str(cause), _value_at(plain, path))), f"{where}{cause}")
    return FaultError(path, f"{where}{detail['msg']}")


def _named_option(message: str, options: Any) -> Path:
    """Return the path of the first option that occurs in an error message of a component."""
    for word in re.findall(r"\w+", message):
        if isinstance(options, dict) and word in options:
            return (word,)
    return ()
