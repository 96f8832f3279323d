"""Options of scoring: device, batch size, precision and memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from harness.errors import HarnessError
from harness.memory import available_memory, size_text
from harness.topk import Precision

BYTES_PER_SCORE = 32  # the score, its masked copy, the mask, and what a model needs to make it
_BATCH = {"cpu": 256 << 20, "cuda": 2 << 30}  # bytes per batch; larger batches are not faster
_MOST_USERS = {"cpu": 1024, "cuda": 16_384}  # larger batches would show no progress
_SHARE = 0.5  # of the free memory


@dataclass(frozen=True)
class Options:
    """How the lists of a model are computed. Only ``precision`` changes a result.

    Parameters
    ----------
    device
        Device name, as ``choose_device`` returns it.
    batch_size
        Number of users whose whole rows of scores are computed at once; ``auto`` depends on the size of the catalogue.
    fixed_batches
        Whether the last batch is filled up with repeated users, for models whose last bits depend on the shape of the
        batch. The scores of these models also depend on ``batch_size``.
    precision
        Precision of the products of vectors.
    memory
        Bytes that this process may use besides the model; None: half of the free memory, divided by ``processes``.
    n_jobs
        Threads on the CPU; -1: one per core.
    processes
        Number of processes on this machine that share the free memory.
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
        """Bytes that may be used; None where ``memory`` is None and the system does not report free memory."""
        if self.memory is not None:
            return self.memory
        free = available_memory()
        return None if free is None else int(free * _SHARE / self.processes)

    def check(self, needed: int, what: str, *, enough: int) -> None:
        """Check that a piece of work fits into the budget.

        Parameters
        ----------
        needed
            Bytes that the work takes.
        what
            Name of the work, for the message.
        enough
            The smallest ``runner.memory`` that is enough.

        Raises
        ------
        HarnessError
            The work does not fit; the message says how much memory is enough.
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
            f"Set runner.memory to {size_text(enough)} or more, if the machine has it."
        )


DEFAULT = Options()


def resolved_batch_size(options: Options, n_items: int) -> int:
    """Return the largest number of users whose whole rows of scores are computed at once, 1 or more.

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
