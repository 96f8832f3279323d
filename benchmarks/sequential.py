"""How fast a sequential model makes lists: by the last position, beside a forward over all positions.

Run ``python benchmarks/sequential.py``, or with ``--quick`` for fewer users. The weights are random, which costs what
trained ones cost. Both ways share them, leave out what was seen, and give the same lists up to equal scores.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import numpy as np
import torch
from evaluator import seconds

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.artifacts import History, RecommendationTask, Truth, Vocabulary
from harness.models.neural.sequential import Sequential
from harness.models.neural.sequential_network import SequentialScorer
from harness.runner import predict

CATALOGUES = (1_000, 10_000, 50_000)
SHORTEST, LONGEST, K = 50, 200, 20
BATCH, LARGEST = 64, 256 << 20  # users of a plain batch, and the bytes that its logits may take
TOLERANCE = 1e-4


def made(n_users, n_items):
    """Return a model with random weights, and what is asked of it."""
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    encoder = Sequential(max_length=LONGEST).encoder(n_items).eval()
    lengths = rng.integers(SHORTEST, LONGEST + 1, n_users)
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    history = History(indptr, rng.integers(0, n_items, indptr[-1], dtype=np.int32), n_items)
    task = RecommendationTask(
        users=np.arange(n_users),
        truth=Truth.from_lists(rng.integers(0, n_items, (n_users, 1)).tolist()),
        history=history,
        user_ids=Vocabulary(np.arange(n_users)),
        item_ids=Vocabulary(np.arange(n_items)),
        k=K,
    )
    return encoder, task


def batch_of(n_items):
    """Return for how many users the logits of all positions fit into the stated memory."""
    return max(1, min(BATCH, LARGEST // (4 * LONGEST * n_items)))


def all_positions(encoder, task, n_users):
    """Return the lists of the first users and their scores, by logits ``(batch, length, items)``."""
    history, size = task.history, batch_of(task.n_items)
    scale = math.sqrt(encoder.embedding.embedding_dim)
    items, scores = [], []
    for start in range(0, n_users, size):
        rows = [
            torch.from_numpy(history.items[history.indptr[user] : history.indptr[user + 1]].astype(np.int64))
            for user in range(start, min(start + size, n_users))
        ]
        ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
        lengths = torch.tensor([len(row) for row in rows])
        real = torch.arange(ids.shape[1]) < lengths[:, None]
        logits = encoder(ids, real) @ encoder.embedding.weight.T / scale  # (batch, length, items)
        last = logits[torch.arange(len(rows)), lengths - 1]  # (batch, items)
        for place, row in enumerate(rows):
            last[place, row] = -torch.inf
        best = torch.topk(last, K, dim=1)
        items.append(best.indices)
        scores.append(best.values)
    return torch.cat(items).numpy(), torch.cat(scores).numpy()


def check(ours, theirs):
    """Check that two ways give the same lists, but for the order of scores that are equal up to rounding."""
    (our_items, our_scores), (their_items, their_scores) = ours, theirs
    assert np.allclose(our_scores, their_scores, rtol=0, atol=TOLERANCE)
    for row, place in np.argwhere(our_items != their_items):
        other = np.flatnonzero(their_items[row] == our_items[row, place])
        # Not in the other list at all: then it ties with its end.
        score = their_scores[row, other[0]] if len(other) else their_scores[row, -1]
        assert abs(score - our_scores[row, place]) < TOLERANCE


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer users, one repeat")
    quick = parser.parse_args().quick
    n_users, repeats = (256, 1) if quick else (1024, 2)
    model = Sequential(max_length=LONGEST)
    print(
        f"{model.num_layers} layers of {model.embedding_dim}, histories of {SHORTEST} to {LONGEST} items, k = {K}, "
        f"{torch.get_num_threads()} threads, best of {repeats}\n"
    )
    print("| items | `sequential`, users/s | all positions, users/s | its logits at once | times as fast |")
    print("|---|---|---|---|---|")
    for n_items in CATALOGUES:
        encoder, task = made(n_users, n_items)
        scorer = SequentialScorer(encoder)
        # The slow way need not do all users: a few batches show its pace.
        few = min(n_users, batch_of(n_items) * (2 if quick else 4))

        def ours(scorer=scorer, task=task):
            return predict(scorer, task, quiet=True)

        def plain(encoder=encoder, task=task, few=few):
            with torch.inference_mode():
                return all_positions(encoder, task, few)

        topk = ours().topk
        check((topk.items[:few], topk.scores[:few]), plain())
        quickly, slowly = seconds(ours, plain, repeats=repeats)
        fast, slow = n_users / quickly, few / slowly
        size = batch_of(n_items) * LONGEST * n_items * 4 / 1e6
        print(f"| {n_items:,} | {fast:,.0f} | {slow:,.0f} | {size:,.0f} MB | {fast / slow:.1f} |")


if __name__ == "__main__":
    main()
