"""Units of times since 1970."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

TimeUnit: TypeAlias = Literal["s", "ms", "us", "ns"]

# Ticks of each unit in a second, the coarsest unit first.
PER_SECOND: Mapping[TimeUnit, int] = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
