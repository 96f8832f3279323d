"""Write numbers and facts as text, in the same way in every output."""

from __future__ import annotations

import dataclasses
import datetime
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, cast

import numpy as np

from harness.artifacts import Facts
from harness.memory import size_text

T = TypeVar("T")

NOTHING = "\N{EN DASH}"  # written where a number is not defined
MINUS = "\N{MINUS SIGN}"

# Control characters break XML; direction marks make a name look like another one; surrogates are not text.
_UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")

_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::(\d{2})(?:\.\d+)?)?(?:Z|\+00:00)")


def clean(value: T) -> T:
    """Return a value with every text in it made fit to be shown, keys and fields of dataclasses included.

    Examples
    --------
    >>> clean({"name": "a" + chr(0) + "b", "k": (1, None)})["name"] == "a" + chr(0xFFFD) + "b"
    True
    """
    return cast("T", _clean(value))


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSHOWABLE.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {_clean(str(key)): _clean(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_clean, value))
    if isinstance(value, np.generic):
        return value.item()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: _clean(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **fields)
    return value


def metric_text(value: Any) -> str:
    """Return a metric's value: four decimals, or three digits where it is small.

    Examples
    --------
    >>> metric_text(0.08968), metric_text(0.000123), metric_text(0), metric_text(1234.5)
    ('0.0897', '0.000123', '0.0000', '1,234.5')
    >>> metric_text(None) == metric_text(math.nan) == NOTHING
    True
    """
    if _undefined(value):
        return NOTHING
    size = abs(float(value))
    if size >= 1000:
        return f"{value:,.1f}"
    return f"{value:.4f}" if size >= 0.001 or size == 0 else f"{value:.3g}"


def signed(value: Any) -> str:
    """Return a difference with its sign and a real minus.

    Examples
    --------
    >>> signed(0.01), signed(-0.01).replace(MINUS, "-"), signed(0)
    ('+0.0100', '-0.0100', '0.0000')
    """
    if _undefined(value):
        return NOTHING
    return f"{MINUS if value < 0 else '+' if value > 0 else ''}{metric_text(abs(value))}"


def signed_percent(value: Any) -> str:
    """Return a relative difference in per cent.

    Examples
    --------
    >>> signed_percent(0.1234)
    '+12.3%'
    """
    if _undefined(value):
        return NOTHING
    return f"{MINUS if value < 0 else '+' if value > 0 else ''}{abs(value):,.1%}"


def p_text(value: Any) -> str:
    """Return a p-value, never as zero.

    Examples
    --------
    >>> p_text(0.0312), p_text(1e-9)
    ('0.0312', '< 0.0001')
    """
    if _undefined(value):
        return NOTHING
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def interval_text(low: Any, high: Any) -> str:
    """Return an interval; a dash where there is none, or where it is infinite.

    Examples
    --------
    >>> interval_text(0.081, 0.0984)
    '[0.0810, 0.0984]'
    """
    if _undefined(low) or _undefined(high) or not (math.isfinite(low) and math.isfinite(high)):
        return NOTHING
    return f"[{_minus(metric_text(low))}, {_minus(metric_text(high))}]"


def confidence_text(value: Any) -> str:
    """Return the level of an interval.

    Examples
    --------
    >>> confidence_text(0.95), confidence_text(0.995), confidence_text(None)
    ('95%', '99.5%', 'confidence')
    """
    return "confidence" if _undefined(value) else f"{100 * value:.6g}%"


def verdict_text(code: str) -> str:
    """Return the code of a verdict as words.

    Examples
    --------
    >>> verdict_text("better_by_margin")
    'better by margin'
    """
    return code.replace("_", " ")


def count_text(value: Any) -> str:
    """Return a count with separators of thousands.

    Examples
    --------
    >>> count_text(54413)
    '54,413'
    """
    return NOTHING if _undefined(value) else f"{value:,.0f}"


def percent_text(value: Any) -> str:
    """Return a share in per cent.

    Examples
    --------
    >>> percent_text(0.0507), percent_text(1.0)
    ('5.1%', '100.0%')
    """
    return NOTHING if _undefined(value) else f"{value:.1%}"


def date_text(text: str | None) -> str:
    """Return a moment of ISO 8601 as a date and a time; other text stays as it is.

    Examples
    --------
    >>> date_text("2026-11-23T10:05:31Z"), date_text("2026-11-23T00:00:00+00:00"), date_text("yesterday")
    ('2026-11-23 10:05 UTC', '2026-11-23', 'yesterday')
    """
    found = _MOMENT.fullmatch(text or "")
    if found is None:
        return text or ""
    return found[1] if found[2] == "00:00" and found[3] in (None, "00") else f"{found[1]} {found[2]} UTC"


def days_between(first: str, last: str) -> float | None:
    """Return the days between two moments of ISO 8601; None where one is no moment.

    Examples
    --------
    >>> days_between("2026-11-23T00:00:00Z", "2026-11-24T12:00:00Z")
    1.5
    """
    try:
        moments = [datetime.datetime.fromisoformat(text) for text in (first, last)]
        return (moments[1] - moments[0]).total_seconds() / 86_400
    except (TypeError, ValueError):
        return None


def fact_text(value: Any) -> str:
    """Return any value of JSON as text.

    Examples
    --------
    >>> fact_text(True), fact_text(54413), fact_text(2026), fact_text(0.05445), fact_text(["a", "b"])
    ('yes', '54,413', '2026', '0.05445', 'a, b')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, float):
        return NOTHING if math.isnan(value) else f"{value:,.0f}" if 10_000 <= abs(value) < 1e15 else f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(fact_text(child) for child in value) or "none"
    return NOTHING if value is None or value == {} else date_text(str(value))


def facts(values: Facts, *, apart: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Return nested facts as rows of a name and a text.

    Parameters
    ----------
    values
        Nested to any depth.
    apart
        Keys of the top level to leave out.

    Examples
    --------
    >>> facts({"users": 938, "split": {"rated_items": 12}})
    [('users', '938'), ('split · rated items', '12')]
    >>> facts({"first": 1717113600, "first_date": "2024-05-31T00:00:00Z"})
    [('first', '2024-05-31')]
    >>> facts({"peak_memory_bytes": 1_500_000})
    [('peak memory', '1.5 MB')]
    """
    return [(" · ".join(path), text) for path, text in _flatten(values, ()) if path and path[0] not in apart]


def truncated(text: str, length: int = 40) -> str:
    """Return text that fits, with an ellipsis where it was cut.

    Examples
    --------
    >>> truncated("abcdef", 4)
    'abc…'
    """
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def slug(text: str) -> str:
    """Return a name that is safe in a path and in an id.

    Examples
    --------
    >>> slug("ndcg[gain=exp2]@10"), slug("../中")
    ('ndcg-gain-exp2-10', 'x')
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "x"


def _flatten(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, Mapping) and value:
        first, last = value.get("first_date"), value.get("last_date")
        days = days_between(first, last) if isinstance(first, str) and isinstance(last, str) else None
        if days is not None:
            yield (*path, "span"), f"{days:,.1f} days"
        for key, child in value.items():
            if f"{key}_date" in value:  # the same time, as a date
                continue
            if str(key).endswith("_date"):
                yield from _flatten(child, (*path, str(key).removesuffix("_date").replace("_", " ")))
            elif str(key).endswith("_bytes") and isinstance(child, int):
                yield (*path, str(key).removesuffix("_bytes").replace("_", " ")), size_text(child)
            else:
                yield from _flatten(child, (*path, str(key).replace("_", " ")))
    elif isinstance(value, (list, tuple)) and any(isinstance(child, (Mapping, list, tuple)) for child in value):
        for place, child in enumerate(value, start=1):
            yield from _flatten(child, (*path, str(place)))
    else:
        yield path, fact_text(value)


def _undefined(value: Any) -> bool:
    return not isinstance(value, (int, float, np.number)) or bool(value != value)


def _minus(text: str) -> str:
    return text.replace("-", MINUS) if text.startswith("-") else text
