"""How fast constrained beam search is: beside the bare matrix products that it needs, and a plain implementation.

Run ``python benchmarks/generative.py``, or with ``--quick`` for one repeat. The weights are random, which costs what
trained ones cost. The plain way encodes every history again for each beam and step, and walks a tree of dictionaries;
it finds the same lists where seen items may be recommended, which it does not leave out.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from pathlib import Path

import numpy as np
import torch
from evaluator import seconds

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.artifacts import CandidateLists, History, ListRequest, UserBatch, Vocabulary
from harness.models.generative.decoder import NetworkSizes
from harness.models.generative.generative_lists import GenerativeLists
from harness.models.generative.search_tree import SemanticCatalogue
from harness.models.generative.semantic_ids import with_extra_code
from harness.models.generative.seq2seq import SemanticTransformer

N_ITEMS, BATCH, BEAM, HISTORY = 12_000, 32, 10, 20
WIDTH, HEADS, FEED_FORWARD, LAYERS = 384, 6, 1536, 4
TOLERANCE = 1e-3
FASTER, TIMES_BARE = 15.0, 1.5  # the limits


def made():
    """Return a network with random weights, codes with some collisions, histories of a batch, and what was seen."""
    rng = np.random.default_rng(0)
    # Some codes are common, as those of a quantiser are; so a few items collide.
    codes = with_extra_code((256 * rng.random((N_ITEMS, 4)) ** 4).astype(np.int32))
    torch.manual_seed(0)
    sizes = NetworkSizes(
        codes=tuple(int(code) + 1 for code in codes.max(axis=0)),
        embedding_dim=WIDTH,
        num_heads=HEADS,
        attn_dim=FEED_FORWARD,
        encoder_layers=LAYERS,
        decoder_layers=LAYERS,
        dropout=0.1,
        max_items=HISTORY,
    )
    network = SemanticTransformer(sizes).eval()
    items = rng.integers(0, N_ITEMS, BATCH * HISTORY, dtype=np.int32)
    history = History(np.arange(0, BATCH * HISTORY + 1, HISTORY), items, N_ITEMS)
    return network, codes, history


def catalogue_of(codes):
    """Return the semantic ids, of users and items whose own ids are numbers; it is made once in a run."""
    users, items = Vocabulary(np.arange(BATCH)), Vocabulary(np.arange(N_ITEMS))
    return SemanticCatalogue(codes, users=users, items=items, device="cpu")


def ours(network, catalogue, history, *, seen=True):
    """Return the lists and scores of the batch, seen items left out or not."""
    asked = ListRequest(BEAM, CandidateLists(history.indptr, history.items) if seen else None)
    with torch.inference_mode():
        found = GenerativeLists(network, catalogue, beam=BEAM).recommend(UserBatch(np.arange(BATCH), history), asked)
    return found.items, found.scores


def tree_of(codes):
    """Return nested dictionaries from code to code; the last holds the item."""
    root = {}
    for item, row in enumerate(codes.tolist()):
        node = root
        for code in row[:-1]:
            node = node.setdefault(code, {})
        node[row[-1]] = item
    return root


def plain(network, codes, history, tree):
    """Return the same by encoding each history anew for each beam and step, and looking children up one by one."""
    table, levels = torch.from_numpy(codes.astype(np.int64)), codes.shape[1]
    lists, all_scores = [], []
    with torch.inference_mode():
        beams = [[(0.0, [], tree)] for _ in range(BATCH)]
        for level in range(levels):
            width = len(beams[0])
            rows = torch.from_numpy(history.items.astype(np.int64)).view(BATCH, HISTORY)
            contexts = table[rows].repeat_interleave(width, dim=0)  # (batch x beams, items, levels)
            real = torch.ones(contexts.shape[:2], dtype=torch.bool)
            prefixes = [[*codes_so_far, *[0] * (levels - level)] for beam in beams for _, codes_so_far, _ in beam]
            shares = network(contexts, real, torch.tensor(prefixes))[:, level].log_softmax(-1)
            for user, beam in enumerate(beams):
                grown = []
                for place, (score, so_far, node) in enumerate(beam):
                    own = shares[user * width + place].tolist()
                    grown += [(score + own[code], [*so_far, code], child) for code, child in node.items()]
                beams[user] = sorted(grown, key=lambda one: -one[0])[:BEAM]
        for beam in beams:
            lists.append([item for _, _, item in beam])
            all_scores.append([score for score, _, _ in beam])
    return np.array(lists), np.array(all_scores)


def products(codes):
    """Return the shapes of the matrix products that a batch needs, ``(batch, rows, inner, columns)`` each."""
    levels, head = codes.shape[1], WIDTH // HEADS
    tokens = HISTORY * levels
    found = []
    for _ in range(LAYERS):  # the encoder
        found += [(1, BATCH * tokens, WIDTH, 3 * WIDTH), (1, BATCH * tokens, WIDTH, WIDTH)]
        found += [(BATCH * HEADS, tokens, head, tokens), (BATCH * HEADS, tokens, tokens, head)]
        found += [(1, BATCH * tokens, WIDTH, FEED_FORWARD), (1, BATCH * tokens, FEED_FORWARD, WIDTH)]
        found += [(1, BATCH * tokens, WIDTH, WIDTH)] * 2  # keys and values of one layer of the decoder
    for level in range(levels):
        beams = 1 if level == 0 else BEAM
        for _ in range(LAYERS):
            found += [(1, BATCH * beams, WIDTH, WIDTH)] * 6
            found += [(BATCH * HEADS, beams, head, tokens), (BATCH * HEADS, beams, tokens, head)]
            found += [(1, BATCH * beams, WIDTH, FEED_FORWARD), (1, BATCH * beams, FEED_FORWARD, WIDTH)]
        found.append((1, BATCH * beams, WIDTH, int(codes[:, level].max()) + 1))
    return found


def bare(shapes):
    """Return a function that does the products alone, into warm buffers."""
    torch.manual_seed(0)
    operands = {}
    for shape in set(shapes):
        batch, rows, inner, columns = shape
        left, right = torch.randn(batch, rows, inner), torch.randn(batch, inner, columns)
        if batch == 1:
            left, right = left[0], right[0]
        operands[shape] = (left, right, left @ right)

    def run():
        with torch.inference_mode():
            for shape in shapes:
                left, right, out = operands[shape]
                torch.matmul(left, right, out=out)

    run()
    return run


def check(found, expected):
    """Check that two ways give the same lists, but for the order of scores that are equal up to rounding."""
    (items, scores), (other_items, other_scores) = found, expected
    assert np.allclose(scores, other_scores, rtol=0, atol=TOLERANCE)
    assert (np.sort(items) == np.sort(other_items)).mean() > 0.99


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one repeat")
    repeats = 1 if parser.parse_args().quick else 5
    network, codes, history = made()
    start = time.perf_counter()
    expected = plain(network, codes, history, tree_of(codes))
    slow = time.perf_counter() - start
    catalogue = catalogue_of(codes)
    check(ours(network, catalogue, history, seen=False), expected)
    run_bare = bare(products(codes))
    quick, least = seconds(lambda: ours(network, catalogue, history), run_bare, repeats=repeats)
    print(
        f"{platform.machine()}, {torch.get_num_threads()} threads, best of {repeats}; the plain way once. Beam {BEAM}, "
        f"{codes.shape[1]} codes an item (4 of 256 and one for collisions), {N_ITEMS:,} items, {LAYERS} + {LAYERS} "
        f"layers of {WIDTH}, histories of {HISTORY} items, batch {BATCH}.\n"
    )
    print("| what | seconds a batch | users/s | ratio | limit |")
    print("|---|---|---|---|---|")
    print(f"| the bare products | {least:.2f} | {BATCH / least:,.1f} | 1.00 | - |")
    times, faster = quick / least, slow / quick
    missed = "" if times <= TIMES_BARE else ", missed"
    print(f"| our search | {quick:.2f} | {BATCH / quick:,.1f} | {times:.2f} x the products | {TIMES_BARE}{missed} |")
    missed = "" if faster >= FASTER else ", missed"
    print(f"| a plain one | {slow:.2f} | {BATCH / slow:,.1f} | ours is {faster:.1f} x as fast | {FASTER:.0f}{missed} |")


if __name__ == "__main__":
    main()
