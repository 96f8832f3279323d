"""Render templates, always with escaping, and collect the figures of a page."""

from __future__ import annotations

import base64
import functools
import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from harness.report.pages.interval_bars import common_top, interval_bar
from harness.report.pages.metric_matrix import stem
from harness.report.texts import number_text
from harness.report.texts.comparison_rows import shown_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Figures:
    """The figures of one page, each both in the page and in a file.

    Parameters
    ----------
    files
        SVG by file name, of the figures that were added.
    """

    def __init__(self) -> None:
        self.files: dict[str, str] = {}

    def add(self, figure: Figure, *, name: str, title: str) -> Markup:
        """Add a figure, and return it for the page."""
        from harness.report.figures.svg import to_svg

        base = number_text.slug(name)
        taken = {file.removesuffix(".svg") for file in self.files}
        own = next(f"{base}{end}" for end in ("", *(f"-{i}" for i in range(2, 1000))) if f"{base}{end}" not in taken)
        svg = to_svg(figure, name=own, title=title)
        self.files[f"{own}.svg"] = f"{svg}\n"
        return Markup(svg)  # noqa: S704 - serialised from an element tree, so its texts are escaped


@dataclass(frozen=True)
class PageScript:
    """The script of all pages.

    Parameters
    ----------
    text
        The script.
    digest
        Its hash, as a Content-Security-Policy names the only script that may run.
    """

    text: Markup
    digest: str


def page(template: str, **content: Any) -> str:
    """Return a rendered template."""
    return _environment().get_template(template).render(**content)


def _script() -> PageScript:
    text = (resources.files("harness.report.pages") / "templates" / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return PageScript(Markup(text), f"sha256-{digest}")  # noqa: S704 - a file of this package


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("harness.report.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        metric=number_text.metric_text,
        signed=number_text.signed,
        relative=number_text.signed_percent,
        p=number_text.p_text,
        count=number_text.count_text,
        fact=number_text.fact_text,
        facts=number_text.facts,
        date=number_text.date_text,
        stem=stem,
    )
    environment.globals["interval"] = number_text.interval_text
    environment.globals["shown_interval"] = shown_interval
    environment.globals["interval_bar"] = interval_bar
    environment.globals["common_top"] = common_top
    environment.globals["script"] = _script()
    return environment
