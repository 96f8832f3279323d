"""The section ``runner``: length of the lists, devices, batch size and memory."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.execution import Parallel
from harness.experiment.validation_errors import FaultError, shown
from harness.experiment.value_types import Positive, Seed, Text
from harness.memory import bytes_of

_LEAST_MEMORY = 1_000_000  # bytes; a smaller number most likely lacks its unit
_DEVICE = re.compile(r"auto|cpu|cuda(:(0|[1-9][0-9]{0,3}))?")


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class RunnerSettings:
    """How top-K lists are computed.

    Parameters
    ----------
    k
        Length of the lists.
    device
        ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
    devices
        Several devices, with one process per device: numbers of GPUs, or names such as ``cpu``. None: ``device`` only.
    batch_size
        Number of users scored at once. It affects results only of models whose scores depend on the batch.
    precision
        Precision of vector products: ``float32``, ``tf32`` (GPUs only) or ``bfloat16``.
    memory
        Memory for scoring in addition to the model, such as ``4 GB``. None: half of the free memory.
    parallel
        Workers that score shards of users. None: this process.
    seed
        Seed of the order of tied scores.
    limit_users
        Number of users to evaluate, for a quick partial run. None: all users.
    """

    k: Positive = 100
    device: str = "auto"
    devices: Annotated[tuple[int | str, ...], Field(min_length=1)] | None = None
    batch_size: Positive | Literal["auto"] = "auto"
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"
    memory: int | float | Text | None = None
    parallel: Parallel | None = None
    seed: Seed = 0
    limit_users: Positive | None = None

    def __post_init__(self) -> None:
        remedy = "auto, cpu, cuda or cuda:0, cuda:1, … is needed"
        if not _DEVICE.fullmatch(self.device):
            raise FaultError(("device",), f"runner.device is {shown(self.device)}; {remedy}")
        for index, name in enumerate(self.devices or ()):
            if isinstance(name, str) and not _DEVICE.fullmatch(name):
                raise FaultError(("devices", index), f"runner.devices holds {shown(name)}; {remedy}")
            if isinstance(name, int) and name < 0:
                raise FaultError(("devices", index), f"runner.devices holds {name}; GPUs are numbered from 0")
        kinds = {name.partition(":")[0] for name in self.device_names}
        if len(kinds) > 1:
            raise FaultError(
                ("devices",),
                "runner.devices mixes kinds of devices, whose scores differ in their last bits. Use one kind.",
            )
        if self.devices is not None and self.device != "auto":
            raise FaultError(("devices",), "runner has both 'device' (or --device) and 'devices'. Remove one of them.")
        if self.devices is not None and self.parallel is not None:
            raise FaultError(("parallel",), "runner has both 'devices' and 'parallel'. Remove one of them.")
        if self.precision == "tf32" and "cpu" in (kinds or {self.device}):
            raise FaultError(
                ("precision",), "precision tf32 is a format of GPUs, and the device is cpu. Use float32 or bfloat16."
            )
        try:
            budget = self.budget
        except ValueError as error:
            raise FaultError(("memory",), f"runner.memory: {error}") from error
        if budget is not None and budget < _LEAST_MEMORY:
            raise FaultError(
                ("memory",),
                f"runner.memory is {shown(self.memory)}, that is {budget} bytes. Write 1 MB or more, such as 4 GB.",
            )

    @property
    def device_names(self) -> tuple[str, ...]:
        """The entries of ``devices`` as torch device names."""
        return tuple(f"cuda:{name}" if isinstance(name, int) else name for name in self.devices or ())

    @property
    def budget(self) -> int | None:
        """The memory in bytes, or None if it is not set."""
        if self.memory is None:
            return None
        return bytes_of(self.memory) if isinstance(self.memory, str) else int(self.memory)
