"""Function, shards and results, shared by all backends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from harness.errors import HarnessError

Shard = TypeVar("Shard")
Result = TypeVar("Result")

_MOST_NAMES = 5  # largest number of shard names in one message


@dataclass(eq=False)
class ShardWork(Generic[Shard, Result]):
    """A function, its shards, and their results.

    Parameters
    ----------
    function
        Called with a shard, and with a device in ``map_devices``.
    shards
        Arguments, one per call.
    names
        Names of the shards for messages; None for ``shard 0``, ``shard 1``, …
    attempts
        Number of attempts for a shard whose process is killed, 1 or more.
    on_result
        Called with the index of a shard and its result, in the calling thread, as each finishes.

    Raises
    ------
    ValueError
        The numbers of names and shards differ, or ``attempts`` is below 1.
    """

    function: Callable[..., Result]
    shards: Sequence[Shard]
    names: Sequence[str] | None
    attempts: int
    on_result: Callable[[int, Result], None] | None
    results: dict[int, Result] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.names is not None and len(self.names) != len(self.shards):
            raise ValueError(f"there are {len(self.names)} names for {len(self.shards)} shards; give one for each")
        if self.attempts < 1:
            raise ValueError(f"attempts is {self.attempts}; 1 or more is needed")

    def finish(self, index: int, result: Result) -> None:
        """Store the result of a shard, and call ``on_result``."""
        self.results[index] = result
        if self.on_result is not None:
            self.on_result(index, result)

    def in_order(self) -> list[Result]:
        """Return the results in the order of the shards, all of which are finished."""
        return [self.results[index] for index in range(len(self.shards))]

    def given_up(self, lost: Sequence[int], reason: str) -> HarnessError:
        """Return the error that names the lost shards."""
        names = [f"shard {index}" if self.names is None else self.names[index] for index in sorted(lost)]
        if len(names) > _MOST_NAMES:
            names[_MOST_NAMES:] = [f"{len(names) - _MOST_NAMES} more"]
        listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
        done = len(self.results)
        rest = f" The other {done} of {len(self.shards)} are finished." if done else ""
        return HarnessError(f"{listed} could not be finished: {reason}{rest}")
