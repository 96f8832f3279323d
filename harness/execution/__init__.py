"""Work in shards over threads, processes, devices or a cluster, with progress display."""

from harness.execution.map_shards import map_devices, map_shards
from harness.execution.parallel import Parallel
from harness.execution.progress_display import Advance, hidden_progress, progress

__all__ = ["Advance", "Parallel", "hidden_progress", "map_devices", "map_shards", "progress"]
