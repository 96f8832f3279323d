"""What audits report about a run and its data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """What one audit counted.

    Parameters
    ----------
    name
        Name of the audit.
    count, of
        How many cases were found, and of how many; None for what was not counted.
    sentence
        What was counted, and what it does to the numbers.
    severity
        How much it matters. By default ``info`` where the count is 0, and ``warning`` otherwise.
    cases
        The few worst cases in words, with external ids.
    trial
        Whether the model trial reports it. Such findings depend on ``model.trial``; no number does.
    """

    name: str
    count: int | None
    of: int | None
    sentence: str
    severity: Severity = None  # type: ignore[assignment]  # the default follows from the count
    cases: tuple[str, ...] = ()
    trial: bool = False

    def __post_init__(self) -> None:
        if not self.severity:
            object.__setattr__(self, "severity", "info" if self.count == 0 else "warning")

    @property
    def share(self) -> float | None:
        """The count as a share, 0 to 1; None for what was not counted."""
        if self.count is None or self.of is None:
            return None
        return self.count / self.of if self.of else 0.0

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
        name, count, of, cases
            As in the class.
        what
            What is counted; it follows "count of of" in the sentence.
        meaning
            One sentence on what it does to the numbers.
        severity
            The severity of a count above 0.

        Examples
        --------
        >>> Finding.counted("short_lists", 1, 4, "users", "what is lacking is a miss.").sentence
        '1 of 4 users (25.0%): what is lacking is a miss.'
        """
        share = count / of if of else 0.0
        sentence = f"{count:,} of {of:,} {what} ({share:.1%}): {meaning}"
        return cls(name, count, of, sentence, severity if count else "info", cases)

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as it is written: without numbers where nothing was counted, and with its share."""
        counts = {} if self.count is None else {"count": self.count, "of": self.of, "share": self.share}
        return {
            "name": self.name,
            "severity": self.severity,
            **counts,
            "sentence": self.sentence,
            "cases": list(self.cases),
            **({"trial": True} if self.trial else {}),
        }


def _with_all_fields(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    cases = value.get("cases") or ()
    absent = {"severity": None, "count": None, "of": None}
    return {**absent, **value, "cases": tuple(cases) if isinstance(cases, list) else cases}


WrittenFinding: TypeAlias = Annotated[Finding, BeforeValidator(_with_all_fields)]
"""A finding for pydantic, which reads what ``as_dict`` returns."""


@dataclass(frozen=True)
class DataWarning:
    """Something that looks wrong in a data set, which was read all the same.

    Parameters
    ----------
    name
        The kind of caution.
    count
        How many rows, ids or files it concerns; above 0.
    sentence
        What was found where, and how to correct it.
    """

    name: str
    count: int
    sentence: str
