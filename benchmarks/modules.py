"""How fast the building blocks are: metrics beside loops in plain Python, attention beside torch's own functions.

Run ``python benchmarks/modules.py``, or with ``--quick`` for a tenth of the users.
"""

from __future__ import annotations

import argparse
import math

import numpy as np
import torch
import torch.nn.functional as F
from evaluator import DIVERSITY_K, DIVERSITY_LIMITS, DIVERSITY_USERS, N_ITEMS, popular_lists, seconds

from harness.modules import MultiHeadAttention, RecommendationMetrics

K = 10
LOOPS_LIMIT = 5.0  # times as fast as the loops, at least
ATTENTION_LIMIT = 1.1  # times the bare functions, at most
SHAPES = ((32, 128, 256, 8), (256, 50, 64, 2), (8, 512, 384, 6))  # batch, length, width, heads


def loops(predictions, targets, k):
    """Return the four metrics as their definitions say, rank by rank."""

    def hits(ranked, wanted):
        met, found = set(), []
        for item in ranked[:k]:
            found.append(item in wanted and item not in met)
            met.add(item)
        return found

    def mean(values):
        return sum(values) / len(values) if values else 0.0

    def recall():
        return mean([sum(hits(p, set(t))) / len(set(t)) for p, t in zip(predictions, targets, strict=True) if t])

    def precision():
        return mean([sum(hits(p, set(t))) / k for p, t in zip(predictions, targets, strict=True)])

    def hit_rate():
        return mean([float(any(hits(p, set(t)))) for p, t in zip(predictions, targets, strict=True) if t])

    def ndcg():
        values = []
        for ranked, relevant in zip(predictions, targets, strict=True):
            if relevant:
                wanted = set(relevant)
                gain = sum(1 / math.log2(rank + 2) for rank, hit in enumerate(hits(ranked, wanted)) if hit)
                values.append(gain / sum(1 / math.log2(rank + 2) for rank in range(min(k, len(wanted)))))
        return mean(values)

    return recall(), precision(), hit_rate(), ndcg()


def tuned_loops(predictions, targets, k):
    """Return the same with all that Python's sets can do in one instruction, and tables of discounts."""
    discounts = [1 / math.log2(rank + 2) for rank in range(k)]
    ideal = [sum(discounts[:length]) for length in range(k + 1)]

    def mean(values):
        return sum(values) / len(values) if values else 0.0

    def recall():
        pairs = ((p, set(t)) for p, t in zip(predictions, targets, strict=True) if t)
        return mean([len(wanted.intersection(p[:k])) / len(wanted) for p, wanted in pairs])

    def precision():
        return mean([len(set(t).intersection(p[:k])) / k for p, t in zip(predictions, targets, strict=True)])

    def hit_rate():
        return mean([not set(t).isdisjoint(p[:k]) for p, t in zip(predictions, targets, strict=True) if t])

    def ndcg():
        values = []
        for ranked, relevant in zip(predictions, targets, strict=True):
            if relevant:
                wanted, gain = set(relevant), 0.0
                best = ideal[min(k, len(wanted))]
                if not wanted.isdisjoint(ranked[:k]):
                    for rank, item in enumerate(ranked[:k]):
                        if item in wanted:
                            wanted.discard(item)
                            gain += discounts[rank]
                values.append(gain / best)
        return mean(values)

    return recall(), precision(), hit_rate(), ndcg()


def ours(predictions, targets, k):
    """Return what the four calls return, for lists that they have not seen before."""
    predictions[0][0] = predictions[0][0] + type(predictions[0][0])(1)
    return (
        RecommendationMetrics.recall_at_k(predictions, targets, k),
        RecommendationMetrics.precision_at_k(predictions, targets, k),
        RecommendationMetrics.hit_rate_at_k(predictions, targets, k),
        RecommendationMetrics.ndcg_at_k(predictions, targets, k),
    )


def make_lists(users, relevant, rng):
    """Return lists of K and targets, integers, where a third of the users have a hit."""
    predictions = rng.integers(0, N_ITEMS, size=(users, K)).tolist()
    targets = rng.integers(0, N_ITEMS, size=(users, relevant)).tolist()
    for user in range(0, users, 3):
        targets[user][0] = predictions[user][3]
    return predictions, targets


def compare_with_loops(users, repeats):
    print("| four ranking metrics from Python lists | seconds | users/s | times as fast as the loops | limit |")
    print("|---|---|---|---|---|")
    for relevant in (1, 5):
        lists = make_lists(users, relevant, np.random.default_rng(0))
        found = ours(*lists, K)
        assert np.allclose(found, loops(*lists, K), rtol=0, atol=1e-12)
        assert np.allclose(found, tuned_loops(*lists, K), rtol=0, atol=1e-12)
        text = [[list(map(str, row)) for row in side] for side in lists]
        plain, tuned, quick, by_text, text_loops = seconds(
            lambda lists=lists: loops(*lists, K),
            lambda lists=lists: tuned_loops(*lists, K),
            lambda lists=lists: ours(*lists, K),
            lambda text=text: ours(*text, K),
            lambda text=text: loops(*text, K),
            repeats=repeats,
        )
        what = f"{users:,} x {K}, {relevant} target{'s' if relevant > 1 else ''} a user"
        print(f"| loops of the definitions, {what} | {plain:.3f} | {users / plain:,.0f} | 1 | - |")
        print(f"| loops tuned with sets and tables | {tuned:.3f} | {users / tuned:,.0f} | {plain / tuned:.1f} | - |")
        print(
            f"| RecommendationMetrics | {quick:.3f} | {users / quick:,.0f} | {plain / quick:.1f} "
            f"({tuned / quick:.1f} times the tuned) | {LOOPS_LIMIT:.0f} |"
        )
        print(f"| loops of the definitions, ids are text | {text_loops:.3f} | {users / text_loops:,.0f} | 1 | - |")
        ratio = text_loops / by_text
        print(f"| RecommendationMetrics, ids are text | {by_text:.3f} | {users / by_text:,.0f} | {ratio:.1f} | - |")


def diversity(users, repeats, *, quick):
    lists = popular_lists(users, DIVERSITY_K, 0.8, np.random.default_rng(1)).tolist()
    RecommendationMetrics.diversity(lists)
    taken = seconds(lambda: RecommendationMetrics.diversity(lists), repeats=repeats)[0]
    allowed = DIVERSITY_LIMITS["rank^-0.8"]
    limit, share = ("-", "-") if quick else (f"{allowed:g} s", f"{taken / allowed:.0%}")
    print("\n| what | seconds | limit | of the limit |")
    print("|---|---|---|---|")
    print(f"| diversity, {users:,} x {DIVERSITY_K} Python lists, rank^-0.8 | {taken:.3f} | {limit} | {share} |")


def attention(repeats):
    print(
        "\n| attention, batch x length x width, heads | bare functions, ms | MultiHeadAttention, ms | times | limit |"
    )
    print("|---|---|---|---|---|")
    for batch, length, width, heads in SHAPES:
        torch.manual_seed(0)
        block = MultiHeadAttention(width, heads).eval()
        x = torch.randn(batch, length, width)

        def split(side, shape=(batch, length, heads, width // heads)):
            return side.view(shape).transpose(1, 2)

        def bare(block=block, x=x, split=split):
            q, k, v = (split(F.linear(x, layer.weight, layer.bias)) for layer in (block.w_q, block.w_k, block.w_v))
            joined = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
            return F.linear(joined, block.w_o.weight, block.w_o.bias)

        def whole(block=block, x=x):
            return block(x, x, x, need_weights=False)[0]

        with torch.no_grad():
            assert torch.allclose(bare(), whole(), atol=1e-5)
            limit, taken = (1000 * best for best in seconds(bare, whole, repeats=repeats))
        name = f"{batch} x {length} x {width}, {heads}"
        print(f"| {name} | {limit:.2f} | {taken:.2f} | {taken / limit:.2f} | {ATTENTION_LIMIT} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the users, fewer repeats")
    quick = parser.parse_args().quick
    repeats = 3 if quick else 7
    compare_with_loops(10_000 if quick else 100_000, repeats)
    diversity(DIVERSITY_USERS // 10 if quick else DIVERSITY_USERS, repeats, quick=quick)
    attention(20 if quick else 60)


if __name__ == "__main__":
    main()
