"""The time that a trial may take, and what its next call will cost."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Literal

Clock = Callable[[], float]

_SHARE, _LEAST = 0.1, 30.0  # of the time of the run; seconds


class OutOfTimeError(Exception):
    """A call would take more time than the trial has left."""


class Budget:
    """The time that a trial may take.

    The first call is not counted: what is loaded and compiled in it is there for the run. The second one is always made
    and measured. The cost of each further call is estimated from those before it: from the time of a batch of the same
    size, or else of one of another size, where a smaller batch takes no longer and a larger one proportionally longer.

    Parameters
    ----------
    seconds
        The limit; ``auto`` for a tenth of the estimated time of the run, or 30 seconds if that is more.
    n_users
        Number of users of the run.
    clock
        Returns seconds, as ``time.perf_counter`` does.

    Attributes
    ----------
    is_warm
        Whether there was a call.
    spent
        Seconds of the calls that were counted.
    per_user
        Seconds per user of the cheapest of them; infinity where there was none.

    Examples
    --------
    >>> times = iter([0.0, 2.0])
    >>> budget = Budget("auto", 10_000, clock=lambda: next(times))
    >>> for users in (1, 20):
    ...     with budget.measured(users, size=20):
    ...         pass
    >>> budget.run, budget.limit, budget.left, budget.estimate(40, size=20)
    (1000.0, 100.0, 98.0, 4.0)
    """

    def __init__(self, seconds: float | Literal["auto"], n_users: int, clock: Clock) -> None:
        self._seconds, self._n_users, self._clock = seconds, n_users, clock
        self.is_warm = False
        self.spent = 0.0
        self._per_batch: dict[int, float] = {}  # size of a batch to the seconds of the last one
        self.per_user = math.inf

    @property
    def users_at_first(self) -> int:
        """Number of users of the call that is measured first: with the one before, a tenth of the run at most."""
        return max(1, int(_SHARE * self._n_users) - 1) if self._seconds == "auto" else 1

    @property
    def run(self) -> float:
        """Estimated seconds of the run, by the cheapest call so far; 0 where none was measured."""
        return self._n_users * self.per_user if self._per_batch else 0.0

    @property
    def limit(self) -> float:
        """Seconds that the trial may take."""
        return max(_LEAST, _SHARE * self.run) if self._seconds == "auto" else self._seconds

    @property
    def left(self) -> float:
        """Seconds left; below 0 where the last call took longer than estimated."""
        return self.limit - self.spent

    def estimate(self, users: int, *, size: int) -> float:
        """Return the estimated seconds of a call for some users in batches of a size; 0 where nothing was measured."""
        if not self._per_batch:
            return 0.0
        batch = self._per_batch.get(size)
        if batch is None:
            batch = min(seconds * max(1.0, size / known) for known, seconds in self._per_batch.items())
        return math.ceil(users / size) * batch

    def users_for(self, calls: int) -> int:
        """Return how many users there is time for in each of some calls, 0 or more."""
        everyone = self._n_users * calls * (self.per_user if self._per_batch else 0.0)
        return self._n_users if everyone <= self.left else max(0, int(self.left / (calls * self.per_user)))

    @contextlib.contextmanager
    def measured(self, users: int, *, size: int) -> Iterator[None]:
        """Measure a call for some users in batches of a size.

        Raises
        ------
        OutOfTimeError
            There is no time for it.
        """
        if not self.is_warm:
            self.is_warm = True
            yield
            return
        if self._per_batch and self.estimate(users, size=size) > self.left:
            raise OutOfTimeError
        start = self._clock()
        try:
            yield
        finally:
            seconds = self._clock() - start
            self.spent += seconds
        # By users, not by batches: a last batch that is not full takes less time than the others.
        self._per_batch[size] = seconds * size / users
        self.per_user = min(self.per_user, seconds / users)
