"""How fast the best items are found, beside the bare product of the same tiles, and beside others.

Run ``python benchmarks/topk.py``, or with ``--quick`` for a tenth of the users. "The product" is the
same tiles multiplied into one warm buffer a thread, and nothing else: by the routine of oneDNN that
``top_k`` uses where torch has it, and by ``torch.mm``, that is the BLAS torch was built with. faiss
and implicit are run where they are installed (``pip install faiss-cpu implicit``), each in a process
of its own.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import scipy.sparse as sp
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import harness
from harness.memory import peak_memory
from harness.topk.product_precision import tile_product
from harness.topk.vector_scores import TILE_ITEMS, TILE_USERS, memory_of_tiles, one_thread_each

WIDTH, SEEN = 64, 50
PEERS = ("torch.topk", "implicit", "faiss")


def vectors(users, items, *, width=WIDTH):
    rng = np.random.default_rng(0)
    made = (rng.standard_normal((rows, width), dtype=np.float32) for rows in (users, items))
    return *made, rng


def seen_by(users, items, rng):
    columns = rng.integers(0, items, users * SEEN, dtype=np.int32)
    return sp.csr_array(
        (np.ones(len(columns), np.float32), columns, np.arange(0, len(columns) + 1, SEEN)), (users, items)
    )


def by_blas(block, tile, buffer):
    return torch.mm(block, tile.T, out=buffer)


def product(users, items, threads, multiply=tile_product):
    """Multiply the tiles of ``harness.top_k``, the last ones padded, and keep nothing."""
    rows, columns = -(-len(users) // TILE_USERS), -(-len(items) // TILE_ITEMS)
    wanted = torch.zeros((rows * TILE_USERS, users.shape[1]))
    offered = torch.zeros((columns * TILE_ITEMS, users.shape[1]))
    wanted[: len(users)], offered[: len(items)] = torch.from_numpy(users), torch.from_numpy(items)

    def work(first):
        torch.set_num_threads(1)  # is of each thread
        buffer = torch.empty((TILE_USERS, TILE_ITEMS))
        for row in range(first, rows, threads):
            block = wanted[row * TILE_USERS : (row + 1) * TILE_USERS]
            for column in range(columns):
                buffer = multiply(block, offered[column * TILE_ITEMS : (column + 1) * TILE_ITEMS], buffer)

    def run():
        with one_thread_each(), ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, range(threads)))

    return run


def whole_rows(users, items, seen, k):
    wanted, offered = torch.from_numpy(users), torch.from_numpy(items)

    def run():
        lists = []
        for first in range(0, len(users), 512):
            scores = wanted[first : first + 512] @ offered.T
            block = seen[first : first + 512].tocoo()
            scores[torch.from_numpy(block.coords[0]), torch.from_numpy(block.coords[1])] = -torch.inf
            lists.append(torch.topk(scores, k, dim=1).indices)
        return torch.cat(lists).numpy()

    return run


def with_implicit(users, items, seen, k):
    from implicit.cpu.topk import topk
    from threadpoolctl import threadpool_limits

    def run():
        with threadpool_limits(1, "blas"):  # it asks for this itself, as its own threads are faster
            return topk(items, users, k, filter_query_items=sp.csr_matrix(seen), num_threads=os.cpu_count())[0]

    return run


def with_faiss(users, items, seen, k):
    import faiss

    index = faiss.IndexFlatIP(items.shape[1])
    index.add(items)

    def run():
        # It cannot leave out what was seen: so many more are asked for, and the seen are dropped.
        found = index.search(users, k + SEEN)[1]
        rows = np.arange(len(users))[:, None]
        was_seen = np.asarray(seen[np.broadcast_to(rows, found.shape).ravel(), found.ravel()]).reshape(found.shape) > 0
        order = np.argsort(was_seen, axis=1, kind="stable")[:, :k]
        return found[rows, order]

    return run


def best(*functions, repeats):
    """Return each function's best time; they take turns, so that a busy machine slows all alike."""
    times = [float("inf")] * len(functions)
    for _ in range(repeats):
        for place, function in enumerate(functions):
            start = time.perf_counter()
            function()
            times[place] = min(times[place], time.perf_counter() - start)
    return times


def ours(users, items, seen, k, threads):
    return lambda: harness.top_k(users, items, k=k, exclude=seen, n_jobs=threads)


def peer(name, n_users, n_items, k):
    """Print the best time of a peer and of the product in this process, and how alike its lists are."""
    users, items, rng = vectors(n_users, n_items)
    seen = seen_by(n_users, n_items, rng)
    threads = os.cpu_count() or 1
    run = {"torch.topk": whole_rows, "implicit": with_implicit, "faiss": with_faiss}[name](users, items, seen, k)
    found = run()
    lists = ours(users, items, seen, k, threads)().items
    alike = float(np.mean(np.sort(found, axis=1) == np.sort(lists, axis=1)))
    bare, taken, own = best(product(users, items, threads), run, ours(users, items, seen, k, threads), repeats=3)
    print(json.dumps({"product": bare, "seconds": taken, "ours": own, "alike": alike}))


def in_own_process(*arguments):
    command = [sys.executable, __file__, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        raise SystemExit(f"{' '.join(map(str, arguments))} failed")
    return json.loads(done.stdout.splitlines()[-1])


def compare(n_users, n_items, k, repeats, threads):
    users, items, rng = vectors(n_users, n_items)
    seen = seen_by(n_users, n_items, rng)
    functions = (
        product(users, items, threads),
        product(users, items, threads, by_blas),
        ours(users, items, seen, k, threads),
    )
    functions[0]()
    ours(users[:2], items[:2], seen[:2, :2], 2, threads)()  # loads the kernels
    before = peak_memory()
    functions[2]()
    added, budget = peak_memory() - before, memory_of_tiles(k, n_users=n_users) + n_users * k * 8
    bare, blas, taken = best(*functions, repeats=repeats)
    print(json.dumps({"product": bare, "blas": blas, "seconds": taken, "added": added, "budget": budget}))


def row(*cells):
    print(f"| {' | '.join(map(str, cells))} |")


def cpu(quick, threads):
    n_users, n_items, k = (2_000 if quick else 20_000), 50_000, 20
    repeats = 3 if quick else 9
    row(
        "what",
        "seconds",
        "users/s",
        "times oneDNN's product",
        "times torch.mm's product",
        "limit",
        "top_k is faster by",
    )
    row(*["---"] * 7)
    size = f"{n_users:,} x {n_items:,} x {WIDTH}, k = {k}, {SEEN} seen"
    measured(in_own_process("compare", n_users, n_items, k, repeats, threads), size, n_users, "1.3")
    for name in PEERS:
        if name != "torch.topk" and importlib.util.find_spec(name) is None:
            row(f"{name}, not installed", *["-"] * 6)
            continue
        other = in_own_process("peer", name, n_users, n_items, k)
        assert other["alike"] > 0.999, other
        taken = other["seconds"]
        faster = f"{taken / other['ours']:.1f} (limit 2)"
        row(name, f"{taken:.2f}", f"{n_users / taken:,.0f}", f"{taken / other['product']:.2f}", "-", "-", faster)
    n_users, n_items, k = (512 if quick else 4_096), 1_000_000, 100
    found = in_own_process("compare", n_users, n_items, k, 5, threads)
    measured(found, f"{n_users:,} x {n_items:,} x {WIDTH}, k = {k}, {SEEN} seen", n_users, "1.4")
    print(
        f"\nThe last top_k took {found['added'] / 1e6:.0f} MB beside the vectors: {found['budget'] / 1e6:.0f} MB "
        "that the engine counts for its tiles and the lists, and what hashing a million items' ids takes."
    )


def measured(found, size, n_users, limit):
    bare, blas, taken = found["product"], found["blas"], found["seconds"]
    rows = (
        (f"oneDNN's product, {size}", bare, "-"),
        ("torch.mm's product", blas, "-"),
        ("harness.top_k", taken, limit),
    )
    for what, seconds, limited in rows:
        times = (f"{seconds / bare:.2f}", f"{seconds / blas:.2f}")
        if limited != "-":
            limited += ", missed" if seconds / bare > float(limited) else ", met"
        row(what, f"{seconds:.2f}", f"{n_users / seconds:,.0f}", *times, limited, "-")


def linear(quick, threads):
    print("\nCost over sizes, k = 20:\n")
    row("users", "items", "seconds", "ns a pair", "times the product")
    row(*["---"] * 5)
    scale = 1 if quick else 4
    sizes = [(2_560 * scale, 25_000), (2_560 * scale, 50_000), (2_560 * scale, 100_000)]
    sizes += [(1_280 * scale, 50_000), (5_120 * scale, 50_000)]
    for n_users, n_items in sizes:
        found = in_own_process("compare", n_users, n_items, 20, 3, threads)
        taken = found["seconds"]
        ratio = f"{taken / found['product']:.2f}"
        row(f"{n_users:,}", f"{n_items:,}", f"{taken:.2f}", f"{taken / n_users / n_items * 1e9:.3f}", ratio)


def gpu(quick):
    n_users, n_items, width, k = (10_000 if quick else 100_000), 1_000_000, 128, 100
    print(f"\n{torch.cuda.get_device_name()}, {n_users:,} x {n_items:,} x {width}, k = {k}:\n")
    from harness.topk.device_items import TileShape

    users, items, _ = vectors(n_users, n_items, width=width)
    shape = TileShape()
    wanted, offered = torch.from_numpy(users).cuda(), torch.from_numpy(items).cuda()
    buffer = torch.empty((shape.users, shape.items), device="cuda")

    def bare():
        for first in range(0, n_users - shape.users + 1, shape.users):
            for begin in range(0, n_items - shape.items + 1, shape.items):
                torch.mm(wanted[first : first + shape.users], offered[begin : begin + shape.items].T, out=buffer)
        torch.cuda.synchronize()

    def found():
        harness.top_k(users, items, k=k, device="cuda")

    bare(), found()
    product_seconds, taken = best(bare, found, repeats=3)
    row("what", "seconds", "users/s", "times the product", "limit")
    row(*["---"] * 5)
    row("the product", f"{product_seconds:.2f}", f"{n_users / product_seconds:,.0f}", "1", "-")
    row("harness.top_k", f"{taken:.2f}", f"{n_users / taken:,.0f}", f"{taken / product_seconds:.2f}", "2")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the users, fewer repeats")
    quick = parser.parse_args().quick
    threads = os.cpu_count() or 1
    print(f"{platform.machine()}, {threads} threads, Python {platform.python_version()}\n")
    cpu(quick, threads)
    linear(quick, threads)
    if torch.cuda.is_available():
        gpu(quick)
    else:
        print("\nThere is no GPU here; with one, the same command measures 100,000 x 1,000,000 x 128, k = 100.")


if __name__ == "__main__":
    if sys.argv[1:2] == ["compare"]:
        compare(*map(int, sys.argv[2:]))
    elif sys.argv[1:2] == ["peer"]:
        peer(sys.argv[2], *map(int, sys.argv[3:]))
    else:
        main()
