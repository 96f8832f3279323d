"""Work in shards over threads, processes, devices and a cluster, and how far it has come."""

from harness.execution.display import Advance, progress
from harness.execution.parallel import Parallel
from harness.execution.shards import map_devices, map_shards

__all__ = ["Advance", "Parallel", "map_devices", "map_shards", "progress"]
