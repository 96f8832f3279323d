"""What a metric is: a frozen value that states its facts and computes itself."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from harness.artifacts.arrays import Float64Array
from harness.metrics.lists import Hits, Lists


class Metric(abc.ABC):
    """A metric's facts. Its fields are its options, in YAML too.

    A subclass is a frozen pydantic dataclass. It derives from ``UserMetric`` or ``ListMetric``,
    sets the attributes below, and has a field ``k`` if it looks at the first k ranks.

    Attributes
    ----------
    name
        What experiments call it, and the first word of its label.
    family
        ``accuracy``, ``coverage``, ``diversity``, ...; metrics of a family are shown together.
    higher_is_better
        The direction.
    lower, upper
        The range of its values.
    needs
        What it takes beyond lists and truth: names of arguments of ``harness.evaluate``.
    formula
        LaTeX, without delimiters.
    reference
        Where the definition comes from.
    choices
        What is fixed in this definition and settled otherwise elsewhere.
    """

    name: ClassVar[str]
    family: ClassVar[str]
    higher_is_better: ClassVar[bool] = True
    lower: ClassVar[float] = 0.0
    upper: ClassVar[float] = 1.0
    needs: ClassVar[tuple[str, ...]] = ()
    formula: ClassVar[str]
    reference: ClassVar[str]
    choices: ClassVar[Mapping[str, Any]] = {}
    per_user: ClassVar[bool]

    def __post_init__(self) -> None:
        """Check the cutoff."""
        cutoff = self.cutoff
        if cutoff is not None and cutoff < 1:
            raise ValueError(f"k is {cutoff}; a cutoff is 1 or more")

    @property
    def cutoff(self) -> int | None:
        """The field ``k``, or None for a metric without one."""
        return getattr(self, "k", None)

    @property
    def options(self) -> dict[str, Any]:
        """The fields other than the cutoff."""
        return {option.name: getattr(self, option.name) for option in _fields(self) if option.name != "k"}

    @property
    def label(self) -> str:
        """Name, options other than the default, and cutoff: ``ndcg@10``, ``ndcg[gain=exp2]@10``."""
        defaults = {option.name: option.default for option in _fields(self)}
        chosen = [f"{name}={_text(value)}" for name, value in self.options.items() if value != defaults[name]]
        return (
            self.name + (f"[{','.join(chosen)}]" if chosen else "") + ("" if self.cutoff is None else f"@{self.cutoff}")
        )

    @property
    def variant(self) -> dict[str, Any]:
        """The definition: what is fixed, and the options. It stands in every result."""
        return {**self.choices, **self.options}


class UserMetric(Metric):
    """A metric with a value a user; its headline is the mean over users.

    Attributes
    ----------
    binary
        Whether every value is 0 or 1, so that the mean is a proportion.
    """

    per_user = True
    binary: ClassVar[bool] = False

    @abc.abstractmethod
    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values.

        It is called for one block of users after another, from several threads.

        Parameters
        ----------
        hits
            A block of users, each with at least one relevant item.
        out
            float64 ``(users,)``, to be filled whole.
        """


class ListMetric(Metric):
    """A metric with one value over all lists."""

    per_user = False

    @abc.abstractmethod
    def value(self, lists: Lists) -> float:
        """Return the value over all users' lists."""


def _fields(metric: Metric) -> tuple[dataclasses.Field[Any], ...]:
    # Metrics that follow the protocol are dataclasses; an abstract base alone is none.
    return dataclasses.fields(metric)  # type: ignore[arg-type]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
