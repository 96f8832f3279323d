"""Choose installed fonts for labels in any script, and replace characters without a glyph by a box."""

from __future__ import annotations

import functools
import unicodedata
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager

from harness.font_families import CJK_FAMILIES

_GENERIC = ("sans-serif", "serif", "monospace", "cursive", "fantasy")
_BOX = "\N{WHITE SQUARE}"
_LONGEST = 24


@dataclass(frozen=True)
class Labels:
    """Labels that can be drawn: texts, and the families to draw them in, the first that has a glyph."""

    texts: list[list[str]]
    families: list[str]


def drawable(*tokens: Iterable[object]) -> Labels:
    """Return labels for tokens: short, on one line, without a character that no font here has.

    Such a character becomes a box, and one warning for all of them says which font to install;
    left in, each would be a warning at every drawing.

    Examples
    --------
    >>> drawable(["a long  title of an item that goes on", 7]).texts
    [['a long title of an item…', '7']]
    """
    texts = [[_short(str(token)) for token in side] for side in tokens]
    needed = set("".join("".join(side) for side in texts)) | {_BOX}
    families, missing = _cover(needed)
    if missing and _new_fonts():
        families, missing = _cover(needed)
    if missing - {_BOX}:
        box = "?" if _BOX in missing else _BOX
        some = "".join(sorted(missing - {_BOX})[:10])
        warnings.warn(
            f"no font here has {len(missing - {_BOX})} of the labels' characters ({some!a}); they are drawn as {box}. "
            "Install one that has, such as Noto Sans (Debian and Ubuntu: apt install fonts-noto-core; for Chinese, "
            "Japanese and Korean Noto Sans CJK, fonts-noto-cjk).",
            stacklevel=3,
        )
        table = {ord(character): box for character in missing}
        texts = [[text.translate(table) for text in side] for side in texts]
    return Labels(texts, families)


def _short(text: str) -> str:
    # Controls and direction marks have no glyph.
    line = " ".join("".join(c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf")).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _cover(needed: set[str]) -> tuple[list[str], set[str]]:
    """Return families that draw as many of the characters as can be, and the characters left over."""
    installed = set(font_manager.get_font_names())
    # Named one by one: a generic name stands for many, and each that is missing would be logged.
    families = [family for family in _configured() if family in installed][:1] or ["DejaVu Sans"]
    missing = needed - _characters(families[0])
    for family in (*_configured(), *CJK_FAMILIES):
        covered = missing & _characters(family) if missing and family in installed else frozenset[str]()
        if covered:
            families.append(family)
            missing -= covered
    return families, missing


def _configured() -> list[str]:
    """Return the families that the caller's settings name, generic ones spelt out."""
    settings: Any = mpl.rcParams  # its keys are literals to a type checker
    named: list[str] = []
    for family in settings["font.family"]:
        named += settings[f"font.{family}"] if family in _GENERIC else [family]
    return named


def _characters(family: str) -> frozenset[str]:
    """Return what an installed family has glyphs for."""
    return _glyphs(font_manager.findfont(font_manager.FontProperties(family=[family])))


@functools.cache
def _glyphs(path: str) -> frozenset[str]:
    return frozenset(map(chr, font_manager.get_font(path).get_charmap()))


@functools.cache
def _new_fonts() -> bool:
    """Make fonts known that were installed after matplotlib listed them; whether there were any."""
    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    new = [path for path in font_manager.findSystemFonts() if path not in known]
    for path in new:
        try:
            font_manager.fontManager.addfont(path)
        except (OSError, RuntimeError, ValueError):  # a file that is not a font that matplotlib can read
            continue
    return bool(new)
