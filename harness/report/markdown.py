"""Render the values of a comparison as a Markdown table."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.report.comparison_rows import ValueRow
from harness.report.number_text import metric_text

# Characters that Markdown or HTML inside it would obey.
_SPECIAL = re.compile(r"([\\`*_\[\]|<>&~])")


def escape(text: str) -> str:
    r"""Return text that Markdown shows as it is.

    Examples
    --------
    >>> print(escape("a|b <script> *c*"))
    a\|b \<script\> \*c\*
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def values_markdown(values: Sequence[ValueRow], *, best: set[tuple[str, str]], sentence: str) -> str:
    """Return a table of values with the set of the best in bold, and the sentence of the comparison below.

    Parameters
    ----------
    values
        One row per run, all with the same labels.
    best
        The pairs (run, label) to set in bold.
    sentence
        The sentence of the comparison.
    """
    labels = list(values[0].values) if values else []
    lines = [_line(["run", *map(escape, labels)]), _line(["---", *["---:"] * len(labels)])]
    for row in values:
        cells = [metric_text(row.values[label]) for label in labels]
        marked = [
            f"**{cell}**" if (row.run, label) in best else cell for label, cell in zip(labels, cells, strict=True)
        ]
        lines.append(_line([escape(row.run), *marked]))
    bold = " Bold: the runs that no run is shown to beat." if best else ""
    return "\n".join([*lines, "", f"{escape(sentence)}{bold}", ""])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
