"""Base classes of metrics: facts, options, and how values are computed.

Methods of metrics import their kernels when they are called, so that reading an experiment does not wait for numba.
"""

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

# Value of an option of a metric, or of a choice that its definition makes.
OptionValue: TypeAlias = str | int | float | bool | None

# State of a metric over all lists: named arrays of numbers, which can be stored in a file.
ListState: TypeAlias = Mapping[str, NDArray[np.generic]]


class Metric(abc.ABC):
    """A metric with its facts and options.

    A subclass is a frozen pydantic dataclass. It derives from ``UserMetric`` or ``ListMetric`` and sets the attributes
    below. Its fields are its options, also in YAML; the cutoff is the field ``k``.

    Attributes
    ----------
    name
        The name in experiments, and the first word of the label.
    family
        ``accuracy``, ``coverage``, ``diversity``, ...; metrics of one family are shown together.
    higher_is_better
        Whether higher values are better.
    lower, upper
        The smallest and the largest possible value.
    needs
        What the metric needs beyond lists and truth, with any options: names of arguments of ``harness.evaluate``, or
        of fields of ``SideInformation``.
    formula
        LaTeX, without delimiters.
    reference
        The source of the definition.
    choices
        Choices of this definition that other libraries make differently, and that are not options.
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
    choices: ClassVar[Mapping[str, OptionValue]] = {}
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
    def options(self) -> dict[str, OptionValue]:
        """The fields other than the cutoff."""
        return {option.name: getattr(self, option.name) for option in _fields(self) if option.name != "k"}

    @property
    def required(self) -> tuple[str, ...]:
        """What the metric needs beyond lists and truth, with these options."""
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
    def variant(self) -> dict[str, OptionValue]:
        """The choices and options that define the value. Every result states them."""
        return {**self.choices, **self.options}


class UserMetric(Metric):
    """A metric with one value per user; its headline value is the mean over users.

    Attributes
    ----------
    binary
        Whether every value is 0 or 1, so that the mean is a proportion.
    additive
        Whether a user's value is the sum of the values that the list has with each hit as its only hit, so that
        standard errors can be clustered by item.
    """

    per_user = True
    binary: ClassVar[bool] = False
    additive: ClassVar[bool] = False

    @property
    def reads(self) -> frozenset[str]:
        """The optional parts of ``Hits`` that the metric reads: ``targets``, ``items``."""
        return frozenset()

    @property
    def pooled(self) -> bool:
        """Whether scores are divided by one denominator for all users, the mean of ``denominators``."""
        return False

    def denominators(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's part of the common denominator of a ``pooled`` metric: whole numbers.

        Raises
        ------
        HarnessError
            The metric has no common denominator.
        """
        raise HarnessError(
            f"the metric {self.label} has no common denominator. If pooled is True, define {type(self).__name__}."
            "denominators(hits, out), which writes whole numbers."
        )

    @abc.abstractmethod
    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value.

        It is called for one block of users at a time, from several threads.

        Parameters
        ----------
        hits
            A block of users, each with at least one relevant item.
        out
            float64 ``(users,)``: output.
        """


class AccuracyMetric(UserMetric):
    """A per-user metric of the ranks of the relevant items, which can also be computed from exact ranks."""

    family = "accuracy"
    reads_exact_ranks = True

    @property
    def rises(self) -> bool:
        """Whether a relevant item that moves up never lowers the value, so that ties have a best and a worst order."""
        return True

    @abc.abstractmethod
    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's mean value over all orders of candidates with equal scores.

        Parameters
        ----------
        hits
            A block of users with ``ranks``, ``relevant`` and ``lengths``; the bits are not read.
        out
            float64 ``(users,)``: output.
        """

    def ranks_of(self, hits: Hits) -> Ranks:
        """Return the exact ranks of the relevant items.

        Raises
        ------
        HarnessError
            The ranks are not known.
        """
        if hits.ranks is None:
            raise HarnessError(f"{self.name} needs the exact ranks of relevant items. Pass target_ranks=… .")
        return hits.ranks


@dataclasses.dataclass(frozen=True)
class Estimate:
    """Estimate of a value over all lists, from a sample.

    Parameters
    ----------
    value
        The mean of the sample.
    standard_error
        Standard error of that mean, 0 or more.
    drawn
        Description of the sample for the result's ``variant``.
    """

    value: float
    standard_error: float
    drawn: Mapping[str, OptionValue]


class ListMetric(Metric):
    """A metric with one value over all lists.

    It defines ``state`` and ``merged``, so that the lists of a shard of users are not needed once their state is
    computed, and ``folded`` if the states of several shards can be combined into fewer. The value must not depend on
    where the users are cut into shards, to the bit. A metric that needs all lists at once defines only ``value``:
    ``harness.evaluate`` accepts it, evaluation by shards does not.
    """

    per_user = False

    def state(self, lists: Lists) -> ListState:
        """Return the state of the lists of a shard of users, from which the value is computed.

        Parameters
        ----------
        lists
            Lists of any number of users, also of none.

        Returns
        -------
        ListState
            Named arrays of numbers.

        Raises
        ------
        HarnessError
            The metric does not define it.
        """
        raise HarnessError(self._unmergeable("state(lists), which returns a dict of arrays"))

    def folded(self, states: Sequence[ListState]) -> Sequence[ListState]:
        """Combine states of consecutive shards into fewer states; by default, return them unchanged.

        It is called for each new shard, so that not all states have to be held in memory.
        """
        return states

    def merged(self, states: Sequence[ListState], *, parallel: Parallel | None = None) -> float | Estimate:
        """Return the value over the lists of all states, or an estimate of it.

        Parameters
        ----------
        states
            One or more, in the order of the users; folded or not.
        parallel
            Threads or processes to use. The value does not depend on it.

        Raises
        ------
        HarnessError
            The metric does not define it.
        """
        raise HarnessError(self._unmergeable("merged(states, *, parallel), which returns the value"))

    def value(self, lists: Lists) -> float | Estimate:
        """Return the value over all users' lists, or an estimate of it."""
        return self.merged([self.state(lists)], parallel=lists.parallel)

    def _unmergeable(self, method: str) -> str:
        return (
            f"the metric {self.label} cannot be measured shard by shard. Define {type(self).__name__}.{method}, "
            "or evaluate all users at once with harness.evaluate, for which value(lists) is enough."
        )


def _fields(metric: Metric) -> tuple[dataclasses.Field[Any], ...]:
    # Concrete metrics are dataclasses; the abstract base classes are not.
    return dataclasses.fields(metric)  # type: ignore[arg-type]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
