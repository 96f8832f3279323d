"""How users are cut into blocks. The cut never changes a result."""

from __future__ import annotations

_BLOCKS = 32
_SMALLEST = 1 << 14  # users that are worth a thread


def user_blocks(users: int) -> list[tuple[int, int]]:
    """Return the first user of each block and the one after its last.

    Examples
    --------
    >>> user_blocks(1000)
    [(0, 1000)]
    """
    size = max(-(-users // _BLOCKS), _SMALLEST)
    return [(start, min(start + size, users)) for start in range(0, users, size)]
