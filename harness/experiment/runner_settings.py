"""The section ``runner``: how lists are made."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.execution import Parallel
from harness.experiment.validation_errors import FaultError, shown
from harness.experiment.value_types import Positive, Seed, Text
from harness.memory import bytes_of

_LEAST_MEMORY = 1_000_000  # bytes: what is less was meant to have a unit
_DEVICE = re.compile(r"auto|cpu|cuda(:(0|[1-9][0-9]{0,3}))?")


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class RunnerSettings:
    """How the lists are made.

    Parameters
    ----------
    k
        Length of the lists.
    device
        ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
    devices
        Several of them, a process each: numbers of GPUs, or names such as ``cpu``; None for ``device`` alone.
    batch_size
        Users whose whole rows are scored at once; it changes a result only of models that say so.
    precision
        Of products of vectors: ``float32``, ``tf32`` (GPUs alone) or ``bfloat16``.
    memory
        What may be used beside the model, such as ``4 GB``; None for half of what is free.
    parallel
        Where shards of users are scored; None for this process.
    seed
        Of the order of tied scores.
    limit_users
        Only so many users, for a trial; None for all.
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
        for place, name in enumerate(self.devices or ()):
            if isinstance(name, str) and not _DEVICE.fullmatch(name):
                raise FaultError(("devices", place), f"runner.devices holds {shown(name)}; {remedy}")
            if isinstance(name, int) and name < 0:
                raise FaultError(("devices", place), f"runner.devices holds {name}; GPUs are numbered from 0")
        kinds = {name.partition(":")[0] for name in self.device_names}
        if len(kinds) > 1:
            raise FaultError(
                ("devices",),
                "runner.devices are of several kinds, whose scores differ in their last bits. Use one kind.",
            )
        if self.devices is not None and self.device != "auto":
            raise FaultError(("devices",), "runner has both 'device' (or --device) and 'devices'. Leave one out.")
        if self.devices is not None and self.parallel is not None:
            raise FaultError(("parallel",), "runner has both 'devices' and 'parallel'. Leave one out.")
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
                f"runner.memory is {shown(self.memory)}, that is {budget} bytes. Write a size from 1 MB on, like 4 GB.",
            )

    @property
    def device_names(self) -> tuple[str, ...]:
        """The devices that were listed, by torch's names."""
        return tuple(f"cuda:{name}" if isinstance(name, int) else name for name in self.devices or ())

    @property
    def budget(self) -> int | None:
        """The stated memory in bytes."""
        if self.memory is None:
            return None
        return bytes_of(self.memory) if isinstance(self.memory, str) else int(self.memory)
