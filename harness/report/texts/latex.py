"""Write a comparison as LaTeX tables. Names may hold any text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.artifacts import PairedDifference
from harness.report.texts.comparison_rows import ValueRow, shown_interval
from harness.report.texts.number_text import MINUS, NOTHING, interval_text, metric_text, p_text, signed, verdict_text

_COMMANDS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    # In the oldest font encoding these three would be other characters.
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    # At the start of a row these would be options of the row before.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "`": r"\textasciigrave{}",
    MINUS: "$-$",
    NOTHING: r"\textendash{}",
    "\N{NO-BREAK SPACE}": " ",
}
_SPECIAL = re.compile("|".join(map(re.escape, _COMMANDS)))
_LIGATURE = re.compile("(?<=-)(?=-)|(?<=')(?=')|(?<=,)(?=,)")  # two characters that LaTeX would set as another one


def escape(text: str) -> str:
    r"""Return text that LaTeX sets as it is, on one line.

    Examples
    --------
    >>> print(escape("50% of a_b & c"))
    50\% of a\_b \& c
    >>> print(escape("[x]\\y"))
    {[}x{]}\textbackslash{}y
    """
    commands = _SPECIAL.sub(lambda found: _COMMANDS[found[0]], " ".join(text.split()))
    return _LIGATURE.sub("{}", commands)


def comparison_latex(
    *,
    values: Sequence[ValueRow],
    pairs: Sequence[PairedDifference],
    best: set[tuple[str, str]],
    caption: str,
) -> str:
    """Return a table of values and one of differences, for a document with booktabs.

    Parameters
    ----------
    values
        One row per run, all with the same labels.
    pairs
        The differences in one metric; may be empty.
    best
        The pairs (run, label) to set in bold.
    caption
        A sentence that says what was compared, and how.
    """
    tables = ["% Needs \\usepackage{booktabs}; names in other scripts need XeLaTeX or LuaLaTeX and a font for them."]
    if values:
        tables.append(_values_table(values, best, caption))
    if pairs:
        tables.append(_pairs_table(pairs, caption))
    return "\n".join(tables)


def _values_table(values: Sequence[ValueRow], best: set[tuple[str, str]], caption: str) -> str:
    labels = list(values[0].values)
    rows = []
    for row in values:
        cells = [escape(metric_text(row.values[label])) for label in labels]
        marked = [
            rf"\textbf{{{cell}}}" if (row.run, label) in best else cell
            for label, cell in zip(labels, cells, strict=True)
        ]
        rows.append([escape(row.run), *marked])
    header = ["Run", *(escape(label) for label in labels)]
    bold = " Bold marks the runs that no run beats significantly." if best else ""
    note = f"{escape(caption)}{bold}"
    return _table(header, rows, columns="l" + "r" * len(labels), caption=note)


def _pairs_table(pairs: Sequence[PairedDifference], caption: str) -> str:
    rows = [
        [
            escape(pair.candidate),
            escape(signed(pair.difference)),
            escape(interval_text(*shown_interval(pair))),
            escape(p_text(pair.p_adjusted)),
            escape(signed(pair.effect_size)),
            escape(verdict_text(pair.verdict)),
        ]
        for pair in pairs
    ]
    header = ["Run", "Difference", "Interval", "$p$ (adjusted)", "$d_z$", "Verdict"]
    metric = escape(pairs[0].metric)
    return _table(header, rows, columns="lrrrrl", caption=f"Differences in {metric}. {escape(caption)}")


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], *, columns: str, caption: str) -> str:
    body = "\n".join(f"{' & '.join(row)} \\\\" for row in rows)
    return (
        "\\begin{table}\n\\centering\n"
        f"\\caption{{{caption}}}\n\\begin{{tabular}}{{{columns}}}\n\\toprule\n"
        f"{' & '.join(header)} \\\\\n\\midrule\n{body}\n\\bottomrule\n\\end{{tabular}}\n\\end{{table}}\n"
    )
