"""The time that a trial may take, and the estimated cost of its next call."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator

from harness.experiment.trial_settings import Seconds

Clock = Callable[[], float]

_SHARE, _MINIMUM = 0.1, 30.0  # of the time of the run; seconds


class OutOfTimeError(Exception):
    """A call would take more time than the trial has left."""


class TimeBudget:
    """The time that a trial may take.

    The first call is not counted: what it loads and compiles is there for the run. The second call is always made and
    measured. The cost of each further call is estimated from the calls before it: from the last batch of the same size,
    or else from batches of other sizes, where a smaller batch takes no longer and a larger one proportionally longer.

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
        Seconds per user of the cheapest of these calls; infinity before the first.

    Examples
    --------
    >>> times = iter([0.0, 2.0])
    >>> budget = TimeBudget("auto", 10_000, clock=lambda: next(times))
    >>> for users in (1, 20):
    ...     with budget.measured(users, size=20):
    ...         pass
    >>> budget.run, budget.limit, budget.left, budget.estimate(40, size=20)
    (1000.0, 100.0, 98.0, 4.0)
    """

    def __init__(self, seconds: Seconds, n_users: int, clock: Clock) -> None:
        self._seconds, self._n_users, self._clock = seconds, n_users, clock
        self.is_warm = False
        self.spent = 0.0
        self.per_user = math.inf
        self._per_batch: dict[int, float] = {}  # batch size to the seconds of its last batch

    @property
    def first_users(self) -> int:
        """Number of users of the call that is measured first: at most a tenth of the run, with the call before it."""
        return max(1, int(_SHARE * self._n_users) - 1) if self._seconds == "auto" else 1

    @property
    def run(self) -> float:
        """Estimated seconds of the run, by the cheapest call so far; 0 before the first."""
        return self._n_users * self.per_user if self._per_batch else 0.0

    @property
    def limit(self) -> float:
        """Seconds that the trial may take."""
        return max(_MINIMUM, _SHARE * self.run) if self._seconds == "auto" else self._seconds

    @property
    def left(self) -> float:
        """Seconds left; below 0 if the last call took longer than estimated."""
        return self.limit - self.spent

    def estimate(self, users: int, *, size: int) -> float:
        """Return the estimated seconds of a call for some users in batches of a size; 0 before the first call."""
        if not self._per_batch:
            return 0.0
        batch = self._per_batch.get(size)
        if batch is None:
            batch = min(seconds * max(1.0, size / known) for known, seconds in self._per_batch.items())
        return math.ceil(users / size) * batch

    def users_for(self, calls: int) -> int:
        """Return the number of users, 0 or more, for whom there is time in each of some calls."""
        if calls * self.run <= self.left:
            return self._n_users
        return max(0, int(self.left / (calls * self.per_user)))

    @contextlib.contextmanager
    def measured(self, users: int, *, size: int) -> Iterator[None]:
        """Measure a call for some users in batches of a size.

        Raises
        ------
        OutOfTimeError
            There is no time for the call.
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
        # Per user, not per batch: a last batch that is not full takes less time than the others.
        self._per_batch[size] = seconds * size / users
        self.per_user = min(self.per_user, seconds / users)
