"""The headline numbers of a run from its files alone, in plain Python.

Reads ``predictions.parquet`` and the parts that ``harness data split`` wrote; shares no code with
the project.
"""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import pyarrow.parquet as pq


def read_lists(path: Path) -> dict[object, list[object]]:
    rows = sorted(pq.read_table(path).to_pylist(), key=lambda row: row["rank"])
    lists: dict[object, list[object]] = defaultdict(list)
    for row in rows:
        lists[row["user"]].append(row["item"])
        assert len(lists[row["user"]]) == row["rank"]
    return lists


def read_relevant(path: Path) -> dict[object, set[object]]:
    relevant: dict[object, set[object]] = defaultdict(set)
    for row in pq.read_table(path).to_pylist():
        relevant[row["user"]].add(row["item"])
    return relevant


def per_user(ranked: list[object], relevant: set[object], k: int) -> dict[str, float]:
    hits = [item in relevant for item in ranked[:k]]
    gain = sum(1 / math.log2(place + 2) for place, hit in enumerate(hits) if hit)
    ideal = sum(1 / math.log2(place + 2) for place in range(min(k, len(relevant))))
    return {
        "recall": sum(hits) / len(relevant),
        "precision": sum(hits) / k,
        "hit_rate": float(any(hits)),
        "ndcg": gain / ideal,
    }


def headline(predictions: Path, parts: Path, *, part: str, cutoffs: list[int]) -> dict[str, float]:
    lists, relevant = read_lists(predictions), read_relevant(parts / f"{part}.parquet")
    catalogue = {
        item
        for name in ("train", "validation", "test")
        if (parts / f"{name}.parquet").exists()
        for item in pq.read_table(parts / f"{name}.parquet")["item"].to_pylist()
    }
    values: dict[str, float] = {}
    for k in cutoffs:
        rows = [per_user(lists.get(user, []), items, k) for user, items in relevant.items()]
        for name in rows[0]:
            values[f"{name}@{k}"] = math.fsum(row[name] for row in rows) / len(rows)
        tops = [frozenset(lists.get(user, [])[:k]) for user in relevant]
        values[f"coverage@{k}"] = len(frozenset().union(*tops)) / len(catalogue)
        pairs = [1 - len(a & b) / len(a | b) for a, b in combinations(tops, 2) if a or b]
        values[f"diversity@{k}"] = math.fsum(pairs) / len(pairs)
    return values
