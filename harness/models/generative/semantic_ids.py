"""Semantic ids, a distinct tuple of codes per item, and the tree of their prefixes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.artifacts.array_types import Int32Array, Int64Array


def with_extra_code(codes: Int32Array) -> Int32Array:
    """Make codes distinct by one more code that numbers the items that share all others.

    Parameters
    ----------
    codes
        int32 ``(items, levels)``.

    Returns
    -------
    numpy.ndarray
        int32 ``(items, levels + 1)``; ``(items, levels)`` where nothing collides.

    Examples
    --------
    >>> with_extra_code(np.array([[3, 1], [0, 2], [3, 1]], dtype=np.int32)).tolist()
    [[3, 1, 0], [0, 2, 0], [3, 1, 1]]
    """
    _, group = np.unique(codes, axis=0, return_inverse=True)
    group = group.reshape(-1)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    place = np.arange(len(codes)) - np.repeat(starts, np.diff(np.append(starts, len(codes))))
    extra = np.empty(len(codes), dtype=np.int32)
    extra[order] = place
    return codes if not extra.any() else np.column_stack([codes, extra])


def n_colliding(codes: Int32Array) -> int:
    """Return how many items share their codes, ``(items, levels)``, with another item.

    Examples
    --------
    >>> n_colliding(np.array([[3, 1], [0, 2], [3, 1]]))
    2
    """
    _, counts = np.unique(codes, axis=0, return_counts=True)
    return int(counts[counts > 1].sum())


@dataclass(frozen=True, eq=False)
class TreeLevel:
    """Nodes of one level of a tree; each stands for the items that share a prefix.

    Parameters
    ----------
    children
        int64 ``(nodes of the level above + 1,)``: where the children of each node start and end.
    codes
        int64 ``(nodes,)``: the last code of each node.
    starts
        int64 ``(nodes + 1,)``: the items of each are those at ``starts[n]`` to ``starts[n + 1]`` of the tree's order.
    node_of
        int64 ``(items,)``: the node that each place of the tree's order belongs to.
    """

    children: Int64Array
    codes: Int64Array
    starts: Int64Array
    node_of: Int64Array


@dataclass(frozen=True, eq=False)
class PrefixTree:
    """Prefixes of the semantic ids of a catalogue, or of a part of it.

    Parameters
    ----------
    levels
        From the first code to the last, whose nodes are single items.
    items
        int64 ``(items,)``: the items in the order of their codes.

    Examples
    --------
    >>> tree = PrefixTree.of(np.array([[3, 1, 0], [0, 2, 0], [3, 1, 1]]))
    >>> tree.items.tolist(), [level.codes.tolist() for level in tree.levels]
    ([1, 0, 2], [[0, 3], [2, 1], [0, 0, 1]])
    """

    levels: tuple[TreeLevel, ...]
    items: Int64Array

    @classmethod
    def of(cls, codes: Int32Array, items: Int64Array | None = None) -> PrefixTree:
        """Return the tree of some items, by default all, from distinct codes ``(items, levels)``."""
        chosen = np.arange(len(codes)) if items is None else items
        order = chosen[np.lexsort(codes[chosen].T[::-1])]
        table = codes[order].astype(np.int64)
        begins = np.zeros(len(order), dtype=np.bool_)
        begins[:1] = True
        above = np.zeros(len(order), dtype=np.int64)  # the node of the level above, the root at first
        n_above, levels = 1, []
        for level in range(codes.shape[1]):
            begins[1:] |= table[1:, level] != table[:-1, level]
            starts = np.flatnonzero(begins)
            children = np.searchsorted(above[starts], np.arange(n_above + 1))
            node_of = np.cumsum(begins) - 1
            levels.append(TreeLevel(children, table[starts, level], np.append(starts, len(order)), node_of))
            above, n_above = node_of, len(starts)
        return cls(tuple(levels), order)
