"""Discounted cumulative gain, normalised (NDCG) and as it is (DCG).

The users that count have at least one relevant item; one without predictions scores 0. A list
shorter than k is padded with misses; an item that repeats counts once, at its first rank, and its
later slots are misses.
"""

from __future__ import annotations

import functools
import math
from typing import ClassVar, Literal, TypeAlias

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.errors import HarnessError
from harness.metrics.metric import AccuracyMetric
from harness.metrics.metric_inputs import WORD, Hits, Targets

Gain: TypeAlias = Literal["binary", "linear", "exp2"]
Discount: TypeAlias = Literal["log2_rank_plus_1", "log2_rank"]


class _CumulatedGain(AccuracyMetric):
    reference = "Järvelin and Kekäläinen, Cumulated gain-based evaluation of IR techniques, TOIS 20 (2002)"
    additive = True
    # The limit for exp2, so that sums over relevant items are finite in float64.
    largest_gain: ClassVar[int] = 1000
    k: int
    gain: Gain
    discount: Discount

    @property
    def required(self) -> tuple[str, ...]:
        """What it needs beyond lists and truth, with these options."""
        return () if self.gain == "binary" else ("gains",)

    @property
    def reads(self) -> frozenset[str]:
        """The parts of ``Hits`` that this metric reads."""
        return frozenset() if self.gain == "binary" else frozenset({"targets"})

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        from harness.metrics.kernels import gains, hit_values

        weights = _weights(min(self.k, hits.bits.shape[1] * WORD), self.discount)
        if self.gain == "binary":
            hit_values.gain(hits.bits, weights, self.k, out)
        else:
            targets = self._targets_of(hits)
            gains.gain_of_places(targets.indptr, targets.places, self._gains_of(targets), weights, out)

    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's mean value over all orders of ties."""
        from harness.metrics.kernels import tie_expectations

        ranks = self.ranks_of(hits)
        weights = _weights(min(self.k, int(ranks.candidates.max(initial=1))), self.discount)
        sums = np.concatenate([[0.0], np.cumsum(weights)])
        gains = np.empty(0) if self.gain == "binary" else self._gains_of(self._targets_of(hits))
        tie_expectations.expected_gain(ranks.indptr, ranks.above, ranks.tied, gains, sums, out)

    def _targets_of(self, hits: Hits) -> Targets:
        if hits.targets is None or hits.targets.gains is None:
            raise HarnessError(f"{self.label} needs graded relevance. Pass a Truth with gains, or a column 'gain'.")
        return hits.targets

    def _gains_of(self, targets: Targets) -> Float64Array:
        assert targets.gains is not None  # noqa: S101  (checked by _targets_of)
        gains = targets.gains.astype(np.float64)
        if self.gain != "exp2":
            return gains
        largest = gains.max(initial=0.0)
        if largest > self.largest_gain:
            raise HarnessError(
                f"{self.label} takes two to the power of a gain, and a gain is {largest:g}; {self.largest_gain:,} is "
                "the largest that it can take. Use gain: linear, or scale the gains down."
            )
        return np.exp2(gains) - 1.0


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class NDCG(_CumulatedGain):
    r"""Discounted cumulative gain, divided by that of the best possible list.

    .. math:: \mathrm{ndcg@}k = \frac{\sum_{r=1}^{k} g_r / \log_2(r + 1)}
                                     {\sum_{r=1}^{k} g^*_r / \log_2(r + 1)}

    with :math:`g_r` the gain at rank r, 0 for a miss, and :math:`g^*_r` the r-th largest gain of the relevant items. By
    default each relevant item has the gain 1.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.
    ideal
        The best list has, with ``min_k``, the relevant items, at most k; with ``full_k``, k relevant items, even if the
        user has fewer, so that 1 cannot be reached; the default of RecTools.
    gain
        Gain of a relevant item. ``binary``: 1. ``linear``: its gain in the truth. ``exp2``: two to the power of that
        gain, minus 1; gains are then at most 1,000.
    discount
        ``log2_rank_plus_1``: as above. ``log2_rank``: the logarithm of the rank, but 1 for the first two ranks; the
        original definition, and that of LensKit.

    References
    ----------
    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 20 (2002). The gain ``exp2``
    and the discount by the rank plus 1: Burges et al., "Learning to rank using gradient descent", ICML 2005.

    Examples
    --------
    A miss and two hits, three relevant items:

    >>> out = np.empty(1)
    >>> NDCG(k=3).score(Hits.of([[False, True, True]], relevant=[3]), out)
    >>> out.round(3)
    array([0.531])
    """

    k: int = 10
    ideal: Literal["min_k", "full_k"] = "min_k"
    gain: Gain = "binary"
    discount: Discount = "log2_rank_plus_1"

    name = "ndcg"
    formula = r"\frac{\sum_{r=1}^{k} g_r / \log_2(r + 1)}{\sum_{r=1}^{k} g^*_r / \log_2(r + 1)}"

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        if self.ideal == "full_k" and self.gain != "binary":
            raise ValueError("ideal full_k needs gain binary, because items that are not relevant have no gains")

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        super().score(hits, out)
        self._divide(hits, out)

    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's mean value over all orders of ties."""
        super().expected(hits, out)
        self._divide(hits, out)

    def _divide(self, hits: Hits, out: Float64Array) -> None:
        if self.ideal == "full_k":
            out /= _weight_sum(self.k, self.discount)
            return
        best = np.minimum(hits.relevant, self.k, dtype=np.int64)  # k may be beyond int32
        weights = _weights(int(best.max(initial=1)), self.discount)
        if self.gain == "binary":
            out /= np.cumsum(weights)[best - 1]
            return
        from harness.metrics.kernels import gains

        targets, ideal = self._targets_of(hits), np.empty_like(out)
        gains.ideal_gain(targets.indptr, targets.places, self._gains_of(targets), weights, ideal)
        out /= ideal


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class DCG(_CumulatedGain):
    r"""Discounted cumulative gain, not normalised.

    .. math:: \mathrm{dcg@}k = \sum_{r=1}^{k} \frac{g_r}{\log_2(r + 1)}

    with :math:`g_r` the gain at rank r: 0 for a miss, by default 1 for a relevant item. The best possible value depends
    on k and on the relevant items.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.
    gain
        Gain of a relevant item. ``binary``: 1. ``linear``: its gain in the truth. ``exp2``: two to the power of that
        gain, minus 1; gains are then at most 500.
    discount
        ``log2_rank_plus_1``: as above. ``log2_rank``: the logarithm of the rank, but 1 for the first two ranks; the
        original definition, and that of LensKit.

    Examples
    --------
    >>> out = np.empty(1)
    >>> DCG(k=3).score(Hits.of([[True, False, True]], relevant=[3]), out)
    >>> out
    array([1.5])
    """

    k: int = 10
    gain: Gain = "binary"
    discount: Discount = "log2_rank_plus_1"

    name = "dcg"
    upper = math.inf
    largest_gain: ClassVar[int] = 500  # its variance over users is then finite, too
    formula = r"\sum_{r=1}^{k} \frac{g_r}{\log_2(r + 1)}"


@functools.lru_cache(maxsize=64)
def _weights(ranks: int, discount: Discount) -> Float64Array:
    """Return the weight of each of the first ranks; do not write to it."""
    shift = 1 if discount == "log2_rank_plus_1" else 0
    return np.array([1.0 / math.log2(max(rank + shift, 2)) for rank in range(1, ranks + 1)])


@functools.lru_cache(maxsize=64)
def _weight_sum(k: int, discount: Discount) -> float:
    return math.fsum(_weights(k, discount))
