"""What a metric is: a frozen value that states its facts and computes itself."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from harness.artifacts.array_types import Float64Array
from harness.errors import HarnessError
from harness.execution import Parallel
from harness.metrics.metric_inputs import Hits, Lists, Ranks

# What a metric over all lists keeps of some of them: arrays by name, of numbers alone, so that they fit into a file.
ListState: TypeAlias = Mapping[str, NDArray[np.generic]]


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
        What it takes beyond lists and truth, whatever its options: names of arguments of
        ``harness.evaluate``.
    formula
        LaTeX, without delimiters.
    reference
        Where the definition comes from.
    choices
        What is fixed in this definition and settled otherwise elsewhere.
    reads_exact_ranks
        Whether exact ranks of the relevant items are enough to compute it, so that its cutoff may lie beyond the
        length of the lists.
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
    reads_exact_ranks: ClassVar[bool] = False

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
    def required(self) -> tuple[str, ...]:
        """What it takes beyond lists and truth with these options."""
        return self.needs

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

    @property
    def reads(self) -> frozenset[str]:
        """What of ``Hits`` is filled for it beyond bits and ranks: ``targets``, ``items``."""
        return frozenset()

    @property
    def pooled(self) -> bool:
        """Whether all users share one denominator: the mean of ``denominators``, by which scores are divided."""
        return False

    def denominators(self, hits: Hits, out: Float64Array) -> None:
        """Write what each user adds to the denominator that all share: whole numbers, for ``pooled`` metrics.

        Raises
        ------
        HarnessError
            The metric has no such denominator.
        """
        raise HarnessError(
            f"the metric {self.label} shares no denominator. Where pooled is True, define {type(self).__name__}."
            "denominators(hits, out), which writes whole numbers."
        )

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


class AccuracyMetric(UserMetric):
    """A user's metric of where the relevant items stand, so that it can be told from exact ranks."""

    family = "accuracy"
    reads_exact_ranks = True

    @property
    def rises(self) -> bool:
        """Whether a relevant item that moves up never makes it worse, so that ties have a best and a worst order."""
        return True

    @abc.abstractmethod
    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' mean values over all orders of candidates with equal scores.

        Parameters
        ----------
        hits
            A block of users with ``ranks``; ``relevant`` and ``lengths`` are theirs, and bits are not read.
        out
            float64 ``(users,)``, to be filled whole.
        """

    def ranks_of(self, hits: Hits) -> Ranks:
        """Return the exact ranks of the relevant items.

        Raises
        ------
        HarnessError
            They are not known.
        """
        if hits.ranks is None:
            raise HarnessError(f"{self.name} needs the exact ranks of relevant items. Pass target_ranks=… .")
        return hits.ranks


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A value over all lists that was taken from a sample.

    Parameters
    ----------
    value
        The mean of the sample.
    standard_error
        Of that mean; 0 or more.
    drawn
        How the sample was drawn, as it stands in the result's ``variant``.
    """

    value: float
    standard_error: float
    drawn: Mapping[str, Any]


class ListMetric(Metric):
    """A metric with one value over all lists.

    It defines ``state`` and ``merged``, so that the lists of a shard of users can be forgotten once
    their state is taken; and ``folded`` where states of several shards fit into one. Where the
    users are cut must not change a bit of the value. A metric that needs all lists at once defines
    ``value`` alone: ``harness.evaluate`` takes it, shards of users do not.
    """

    per_user = False

    def state(self, lists: Lists) -> ListState:
        """Return what the value needs to know of the lists of a shard of users.

        Parameters
        ----------
        lists
            Lists of any number of users, 0 included.

        Returns
        -------
        ListState
            Arrays of numbers by name.

        Raises
        ------
        HarnessError
            The metric defines none.
        """
        raise HarnessError(self._unmergeable("state(lists), which returns a dict of arrays"))

    def folded(self, states: Sequence[ListState]) -> Sequence[ListState]:
        """Return as few states as stand for the same lists in the same order; as they are, by default.

        It is called as each shard comes, so that not all states need to be held.
        """
        return states

    def merged(self, states: Sequence[ListState], *, parallel: Parallel | None = None) -> float | Estimate:
        """Return the value over the lists of all states, or an estimate of it.

        Parameters
        ----------
        states
            One or more, in the order of the users; folded or not.
        parallel
            How to spread work over cores. It never changes a value.

        Raises
        ------
        HarnessError
            The metric defines none.
        """
        raise HarnessError(self._unmergeable("merged(states, *, parallel), which returns the value"))

    def value(self, lists: Lists) -> float | Estimate:
        """Return the value over all users' lists, or an estimate of it."""
        return self.merged([self.state(lists)], parallel=lists.parallel)

    def _unmergeable(self, method: str) -> str:
        return (
            f"the metric {self.label} cannot be measured shard by shard. Define {type(self).__name__}.{method}, "
            "or measure all users at once by harness.evaluate, for which value(lists) is enough."
        )


def _fields(metric: Metric) -> tuple[dataclasses.Field[Any], ...]:
    # Metrics that follow the protocol are dataclasses; an abstract base alone is none.
    return dataclasses.fields(metric)  # type: ignore[arg-type]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
