"""Paired statistics from their definitions, in plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence


def t_statistic(differences: Sequence[float]) -> float:
    n = len(differences)
    mean = math.fsum(differences) / n
    variance = math.fsum((value - mean) ** 2 for value in differences) / (n - 1)
    return mean / math.sqrt(variance / n)


def t_tail(t: float, df: int) -> float:
    """Two-sided tail of Student's t, by Simpson's rule over its density."""
    constant = math.exp(math.lgamma((df + 1) / 2) - math.lgamma(df / 2)) / math.sqrt(df * math.pi)

    def density(x: float) -> float:
        return constant * (1 + x * x / df) ** (-(df + 1) / 2)

    steps = 20_000
    width = abs(t) / steps
    inner = density(0) + density(abs(t))
    inner += math.fsum((4 if i % 2 else 2) * density(i * width) for i in range(1, steps))
    return 1 - 2 * inner * width / 3


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm (1979): the smallest p-value times n, the next times n - 1, never falling, at most 1."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    running = 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = running
    return adjusted
