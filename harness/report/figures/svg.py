"""Turn figures of Matplotlib into small SVG elements for a page, with the same bytes each time."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

from harness.font_families import installed_families
from harness.report.texts.number_text import slug

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK = "#1b1f2a"  # becomes the colour of the text around the figure, in light and dark
PAPER = "#fefefe"  # becomes the background of the page, in light and dark
MUTED = "#8a8f99"
BLUE = "#3181bd"
GREEN = "#1f9e77"
RED = "#d1603d"

_FONT = "DejaVu Sans"
_STYLE: Any = {
    "font.size": 8.5,
    "text.color": INK,
    # A name such as "$x_1$" is not a formula.
    "text.parse_math": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "axes.unicode_minus": True,
    "grid.color": MUTED,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "harness",
}
_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}"
_ELEMENTS = {"svg", "g", "defs", "clipPath", "path", "rect", "use", "text", "tspan"}
_ATTRIBUTES = {"clip-path", "d", "height", "href", "id", "style", "transform", "viewBox", "width", "x", "y"}
_PIXELS = 96 / 72  # CSS pixels in a point
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


@contextlib.contextmanager
def drawing() -> Iterator[None]:
    """Draw in the style of the report, and restore the settings of the process at the end."""
    with warnings.catch_warnings(), mpl.rc_context():
        # The fonts of the page have the characters that the font for measuring lacks.
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .*missing from")
        mpl.rcdefaults()
        mpl.rcParams.update({**_STYLE, "font.family": installed_families(_FONT)})
        yield


def to_svg(figure: Figure, *, name: str, title: str) -> str:
    """Return a figure as an SVG element for a page and for a file.

    Parameters
    ----------
    figure
        A figure drawn inside ``drawing()``, whose block has not ended.
    name
        Unique in the page; every id begins with it.
    title
        The content of the figure, for readers who cannot see it.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    root = ET.fromstring(buffer.getvalue())  # noqa: S314 - matplotlib's own output, a line before
    prefix = f"{slug(name)}-"
    _keep_known(root, prefix)
    for side in ("width", "height"):
        root.set(side, f"{float(root.get(side, '0').removesuffix('pt')) * _PIXELS:.0f}")
    root.attrib.update(
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "role": "img",
            "aria-label": title,
            "style": "stroke-linejoin:round;stroke-linecap:butt",
        }
    )
    label = ET.Element("title")
    label.text = title
    root.insert(0, label)
    return ET.tostring(root, encoding="unicode")


def _keep_known(element: ET.Element, prefix: str) -> None:
    """Keep shapes and text, drop style sheets and metadata, and make the ids unique."""
    element.tag = element.tag.removeprefix(_SVG)
    attributes = {key.removeprefix(_XLINK): value for key, value in element.attrib.items()}
    element.attrib.clear()
    for key, value in attributes.items():
        if key in _ATTRIBUTES:
            element.set(key, _own(key, value, prefix))
    for child in list(element):
        if child.tag.removeprefix(_SVG) in _ELEMENTS:
            _keep_known(child, prefix)
        else:
            element.remove(child)


def _own(key: str, value: str, prefix: str) -> str:
    if key == "id":
        return prefix + value
    if key == "href":
        return f"#{prefix}{value.removeprefix('#')}"
    if key == "style":
        value = (
            value.replace(INK, "currentColor")
            .replace(PAPER, "var(--page, #ffffff)")
            .replace(f"'{_FONT}'", f"'{_FONT}', Verdana, sans-serif")
        )
    return _REFERENCE.sub(rf"url(#{prefix}\1)", value)
