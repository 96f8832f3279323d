"""What an audit found, as results, reports and terminals have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """What one audit counted.

    Parameters
    ----------
    name
        Of the audit.
    count, of
        So many of so many.
    sentence
        What was counted, and what it does to the numbers.
    severity
        Where the count is above 0; an audit that finds nothing is ``info``.
    cases
        The worst of them, in words, in the data set's own ids; few.
    trial
        Whether the trial before a run found it. Such findings depend on ``model.trial``; no number does.
    """

    name: str
    count: int
    of: int
    sentence: str
    severity: Severity = "warning"
    cases: tuple[str, ...] = ()
    trial: bool = False

    @classmethod
    def counted(
        cls,
        name: str,
        count: int,
        of: int,
        what: str,
        meaning: str,
        *,
        severity: Severity = "warning",
        cases: tuple[str, ...] = (),
    ) -> Finding:
        """Return a finding whose sentence begins with its numbers.

        Parameters
        ----------
        name, count, of, severity, cases
            As above.
        what
            What is counted, in words that follow "count of of".
        meaning
            One sentence on what it does to the numbers.

        Examples
        --------
        >>> Finding.counted("short_lists", 1, 4, "users", "what is lacking is a miss.").sentence
        '1 of 4 users (25.0%): what is lacking is a miss.'
        """
        sentence = f"{count:,} of {of:,} {what} ({_share(count, of):.1%}): {meaning}"
        return cls(name, count, of, sentence, severity, cases)

    def as_dict(self) -> dict[str, Any]:
        """Return ``name``, ``severity``, ``count``, ``of``, ``share``, ``sentence``, ``cases``; ``trial`` if it is."""
        return {
            "name": self.name,
            "severity": self.severity if self.count else "info",
            "count": self.count,
            "of": self.of,
            "share": _share(self.count, self.of),
            "sentence": self.sentence,
            "cases": list(self.cases),
            **({"trial": True} if self.trial else {}),
        }


def _share(count: int, of: int) -> float:
    return count / of if of else 0.0
