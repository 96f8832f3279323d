"""Work in shards over threads, processes, devices and a cluster, and how far it has come."""

from harness.execution.display import Advance, hidden_progress, progress
from harness.execution.parallel import Parallel
from harness.execution.shards import map_devices, map_shards

__all__ = ["Advance", "Parallel", "hidden_progress", "map_devices", "map_shards", "progress"]
