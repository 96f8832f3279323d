"""How scores are made: where, how exactly, and in how much memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from harness.errors import HarnessError
from harness.memory import available_memory, size_text
from harness.topk import Precision

BYTES_PER_SCORE = 32  # the score, its masked copy, the mask, and what a model needs to make it
_BATCH = {"cpu": 256 << 20, "cuda": 2 << 30}  # bytes of a batch; larger ones are no faster
_MOST_USERS = {"cpu": 1024, "cuda": 16_384}  # more at once show no progress
_SHARE = 0.5  # of the memory that is free


@dataclass(frozen=True)
class Options:
    """How a model's lists are made. But for ``precision`` none of it changes a result.

    Parameters
    ----------
    device
        As ``choose_device`` returns it.
    batch_size
        Users whose whole rows are scored at once; ``auto`` goes by the size of the catalogue.
    fixed_batches
        Fill the last batch up with users that were asked for already, for models whose last bits depend
        on the shape of the batch. These depend on ``batch_size`` too.
    precision
        Of products of vectors.
    memory
        Bytes that this process may use beside the model; None: its share of half of what is free.
    n_jobs
        Threads on the CPU; -1 for one a core.
    processes
        How many do such work on this machine at the same time, and share what is free.
    """

    device: str = "cpu"
    batch_size: int | Literal["auto"] = "auto"
    fixed_batches: bool = False
    precision: Precision = "float32"
    memory: int | None = None
    n_jobs: int = -1
    processes: int = 1

    def __post_init__(self) -> None:
        if self.batch_size != "auto" and (isinstance(self.batch_size, str) or self.batch_size < 1):
            raise HarnessError(f"batch_size is {self.batch_size}; use auto, or 1 or more (runner.batch_size).")

    @property
    def budget(self) -> int | None:
        """Bytes that may be used; None where nothing is stated and the system does not say."""
        if self.memory is not None:
            return self.memory
        free = available_memory()
        return None if free is None else int(free * _SHARE / self.processes)

    def check(self, needed: int, what: str, *, enough: int) -> None:
        """Check that some work fits into the budget.

        Parameters
        ----------
        needed
            The bytes that it takes.
        what
            The work, as the message calls it.
        enough
            The stated memory from which on it can be done.

        Raises
        ------
        HarnessError
            It does not; the message says how much would do.
        """
        budget = self.budget
        if budget is None or needed <= budget:
            return
        stated = f"half of what is free, shared by {self.processes} processes, is"
        if self.memory is not None:
            stated = "runner.memory is"
        elif self.processes == 1:
            stated = "half of what is free is"
        raise HarnessError(
            f"{what} needs {size_text(needed)} of memory, and {stated} {size_text(budget)}. "
            f"Set runner.memory to {size_text(enough)} or more, if there is so much."
        )


DEFAULT = Options()


def resolved_batch_size(options: Options, n_items: int) -> int:
    """Return how many users are scored at once at most where whole rows of scores are made, 1 or more.

    Examples
    --------
    >>> resolved_batch_size(Options(), 1_000), resolved_batch_size(Options(), 1_000_000)
    (1024, 8)
    >>> resolved_batch_size(Options(batch_size=7), 1_000)
    7
    """
    if options.batch_size != "auto":
        return options.batch_size
    kind = torch.device(options.device).type
    return max(1, min(_MOST_USERS[kind], _BATCH[kind] // (BYTES_PER_SCORE * max(1, n_items))))
