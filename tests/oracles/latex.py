"""A reader of the little LaTeX that a table of names and numbers needs."""

import re

SIGNS = {
    r"\textbackslash": "\\",
    r"\textasciicircum": "^",
    r"\textasciitilde": "~",
    r"\textasciigrave": "`",
    r"\textless": "<",
    r"\textgreater": ">",
    r"\textbar": "|",
    r"\textendash": "\N{EN DASH}",
    "$-$": "\N{MINUS SIGN}",
    "{[}": "[",
    "{]}": "]",
    "{*}": "*",
}
TOKEN = re.compile(r"(\\text[a-z]+)\{\}|(\$-\$)|(\{[\[\]*]\})|\\([{}$&#%_])|(\{\})|([^\\{}$&#%_^~<>|*\[\]`])")


def read(escaped):
    """Return the text that LaTeX would set; an active character that is not escaped is an error."""
    text, place = "", 0
    while place < len(escaped):
        token = TOKEN.match(escaped, place)
        assert token is not None, f"active at {place}: {escaped[place:]!r}"
        command, minus, braced, sign, nothing, plain = token.groups()
        text += plain or sign or ("" if nothing else SIGNS[command or minus or braced])
        place = token.end()
    return text


def rows(table):
    """Return the cells of a tabular's rows, rules left out."""
    body = table.split(r"\toprule")[1].split(r"\bottomrule")[0].replace(r"\midrule", "")
    return [
        re.split(r"(?<!\\) & ", line.removesuffix(r" \\"))
        for line in body.strip().splitlines()
        if line.endswith(r" \\")
    ]
