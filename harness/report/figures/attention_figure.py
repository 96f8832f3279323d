"""Arrange a heat map of attention and a list of items as one picture."""

from __future__ import annotations

import html
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass

from harness.report.figures.svg import GREEN, INK, MUTED
from harness.report.texts.number_text import MINUS, clean, metric_text

_MARGIN = 24  # pixels, as all below
_GAP = 32  # between the heat map and the list
_LIST = 440  # width of the list
_ROW = 22  # height of one of its rows
_MOST_HELD_OUT = 20  # items
_TITLE, _SCORE = 34, 76  # where titles begin, and the room of a score
_FONT = "'DejaVu Sans', Verdana, sans-serif"


@dataclass(frozen=True)
class ListedItem:
    """An item of a list.

    Parameters
    ----------
    title
        Its title, or its external id where it has none.
    score
        The score of the model; None for an item without a score.
    is_relevant
        Whether the item is both recommended and held out.
    """

    title: str
    score: float | None = None
    is_relevant: bool = False


@dataclass(frozen=True)
class Caption:
    """The text of a picture.

    Parameters
    ----------
    heading
        The title of the picture.
    notes
        Sentences under the heading.
    """

    heading: str
    notes: tuple[str, ...] = ()


def explanation_svg(
    heat_map: str, listed: Sequence[ListedItem], held_out: Sequence[ListedItem], *, caption: Caption
) -> str:
    """Return a heat map of attention with a list beside it, as one SVG document.

    All texts are escaped.

    Parameters
    ----------
    heat_map
        A figure as SVG, from ``to_svg``.
    listed
        The recommended items, best first.
    held_out
        The held-out items of the user; the first 20 are shown.
    caption
        Heading and notes.
    """
    figure = ET.fromstring(heat_map)  # noqa: S314 - made here from a figure
    wide, tall = (int(figure.get(side, "0")) for side in ("width", "height"))
    top = _MARGIN + 30 + 17 * len(caption.notes)
    rows, height = _list(listed, held_out)
    width = 2 * _MARGIN + wide + _GAP + _LIST
    whole = top + max(tall, height) + _MARGIN
    head = [_text(caption.heading, 0, 18, size=16, room=width - 2 * _MARGIN, bold=True)]
    for place, note in enumerate(caption.notes):
        head.append(_text(note, 0, 40 + 17 * place, size=11, room=width - 2 * _MARGIN, colour="#555b66"))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{whole}" viewBox="0 0 {width} {whole}" '
        f'role="img" color="{INK}" fill="{INK}" font-family="{_FONT}">\n'
        f"<title>{_escaped(caption.heading)}</title>\n"
        '<rect width="100%" height="100%" fill="#ffffff"/>\n'
        f'<g transform="translate({_MARGIN} {_MARGIN})">{"".join(head)}</g>\n'
        f'<g transform="translate({_MARGIN} {top})">{heat_map}</g>\n'
        f'<g transform="translate({_MARGIN + wide + _GAP} {top})">\n{rows}\n</g>\n'
        "</svg>\n"
    )


def _list(listed: Sequence[ListedItem], held_out: Sequence[ListedItem]) -> tuple[str, int]:
    """Return the list as groups of SVG, and its height."""
    parts, y = [_heading(f"Top {len(listed)}" if listed else "No item may be recommended", 14)], 24
    for rank, item in enumerate(listed, 1):
        parts.append(_row(str(rank), item, y))
        y += _ROW
    if held_out:
        found = sum(item.is_relevant for item in listed)
        y += 18
        parts.append(_heading(f"Held out: {len(held_out):,}, of which {found:,} in the list", y + 14))
        y += 24
        for item in held_out[:_MOST_HELD_OUT]:
            parts.append(_row("", item, y))
            y += _ROW
        if len(held_out) > _MOST_HELD_OUT:
            more = f"and {len(held_out) - _MOST_HELD_OUT:,} more"
            parts.append(_text(more, _TITLE, y + 15, size=12, room=_LIST - _TITLE, colour=MUTED))
            y += _ROW
    return "\n".join(parts), y


def _heading(text: str, y: int) -> str:
    rule = f'<path d="M 0 {y + 8} H {_LIST}" stroke="{MUTED}" stroke-width="0.7"/>'
    return _text(text, 0, y, size=13, room=_LIST, bold=True) + rule


def _row(rank: str, item: ListedItem, y: int) -> str:
    base = y + 15
    colour = GREEN if item.is_relevant else INK
    mark = f'<text x="{_TITLE}" y="{base}" font-size="12" fill="{GREEN}">✓</text>' if item.is_relevant else ""
    # A mark beside the colour helps readers who cannot see green.
    start = _TITLE + (16 if item.is_relevant else 0)
    score = ""
    if item.score is not None:
        score = f"{MINUS if item.score < 0 else ''}{metric_text(abs(item.score))}"
    room = _LIST - start - (_SCORE if score else 0)
    return (
        f"<g><title>{_escaped(item.title)}</title>"
        f'<text x="24" y="{base}" font-size="12" fill="{MUTED}" text-anchor="end">{rank}</text>{mark}'
        f"{_text(item.title, start, base, size=12, room=room, colour=colour, bold=item.is_relevant)}"
        f'<text x="{_LIST}" y="{base}" font-size="12" text-anchor="end">{score}</text></g>'
    )


def _text(text: str, x: int, y: int, *, size: int, room: int, colour: str = INK, bold: bool = False) -> str:
    """Return a line cut to the width of its space, by its estimated width, and clipped beyond it."""
    weight = ' font-weight="bold"' if bold else ""
    shown = _escaped(_fitting(text, room / size))
    return (
        f'<svg x="{x}" y="{y - size - 2}" width="{room}" height="{size + 8}">'
        f'<text x="0" y="{size + 2}" font-size="{size}" fill="{colour}"{weight}>{shown}</text></svg>'
    )


def _fitting(text: str, ems: float) -> str:
    """Return the beginning of a text that is about the given number of ems wide, on one line."""
    line = " ".join(clean(text).split())
    widths = [_ems(character) for character in line]
    if sum(widths) <= ems:
        return line
    kept, used = 0, 1.0  # of the ellipsis
    while used + widths[kept] <= ems:
        used += widths[kept]
        kept += 1
    return f"{line[:kept].rstrip()}…"


def _ems(character: str) -> float:
    if unicodedata.east_asian_width(character) in ("W", "F"):
        return 1.0
    return 0.78 if character.isupper() or character in "mw@%&" else 0.62


def _escaped(text: str) -> str:
    return html.escape(clean(text))
