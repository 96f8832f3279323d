"""How users are cut into pieces of work."""

from __future__ import annotations

# Users of a shard, and of a partial sum: sums of floats depend on where they are cut, so that everything
# is cut at multiples of this number, counted from a run's first user.
USER_BLOCK = 8192
