"""The number of users per piece of work."""

from __future__ import annotations

# Users per shard and per partial sum. Sums of floats depend on where they are cut, so every sum is cut at multiples of
# this number, counted from the first user of a run.
USER_BLOCK = 8192
