"""How long EASE's matrix takes to invert in short steps, beside one call of LAPACK that nothing can interrupt.

Run ``python benchmarks/fitting.py``, or with ``--quick`` for a smaller matrix. Both ways work in the matrix's own
place and use all cores; scipy's calls are those of a Cholesky factor and of the inverse from it.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from pathlib import Path

import numpy as np
import scipy.linalg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.models.linear_algebra.matrix_inverse import AT_ONCE, block_for, invert, seconds_of, steps_of

LIMIT = 1.3  # times LAPACK
LONGEST_STEP = 5.0  # seconds until an interrupt is heeded


def gram_of(size):
    """Return a matrix like those of EASE: users in common, and a penalty on the diagonal."""
    rng = np.random.default_rng(0)
    users = (rng.random((size, size // 8)) < 0.02).astype(np.float64)
    gram = users @ users.T
    gram.flat[:: size + 1] += 100.0
    return gram


def by_lapack(gram):
    factor, failed = scipy.linalg.lapack.dpotrf(gram.T, lower=1, clean=0, overwrite_a=1)
    assert not failed
    inverse, failed = scipy.linalg.lapack.dpotri(factor, lower=1, overwrite_c=1)
    assert not failed
    return inverse.T


def in_steps(gram):
    """Invert a matrix, and return the seconds of each step."""
    ends = [time.perf_counter()]
    assert invert(gram, lambda step: ends.append(time.perf_counter()), block=block_for(len(gram)))
    return np.diff(ends)


def met(value, limit):
    return "met" if value <= limit else "missed"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a smaller matrix, fewer repeats")
    quick = parser.parse_args().quick
    size, repeats = (AT_ONCE + 500, 2) if quick else (6_000, 3)
    gram = gram_of(size)
    lapack = steps = float("inf")
    longest = 0.0
    in_steps(gram_of(AT_ONCE + 1))  # loads what is needed
    for _ in range(repeats):  # in turns, so that a busy machine slows both alike
        start = time.perf_counter()
        plain = by_lapack(gram.copy())
        lapack = min(lapack, time.perf_counter() - start)
        own = gram.copy()
        start = time.perf_counter()
        longest = max(longest, in_steps(own).max())
        steps = min(steps, time.perf_counter() - start)
    upper = np.triu_indices(size)
    error = np.abs(own[upper] - plain[upper]).max() / np.abs(plain[upper]).max()
    assert error < 1e-9, error
    ratio = steps / lapack
    print(f"{platform.machine()}, {os.cpu_count()} threads, {size:,} items, best of {repeats}, alike to {error:.0e}\n")
    print("| what | seconds | times LAPACK | limit |\n|---|---|---|---|")
    print(f"| dpotrf and dpotri, one call each | {lapack:.2f} | 1.00 | - |")
    n_steps = steps_of(size, block_for(size))
    print(f"| the same inverse in {n_steps:,} steps | {steps:.2f} | {ratio:.2f} | {LIMIT}, {met(ratio, LIMIT)} |")
    print(f"| its longest step | {longest:.2f} | - | {LONGEST_STEP:.0f} s, {met(longest, LONGEST_STEP)} |")
    print(f"| what was forecast | {seconds_of(size):.2f} | - | - |")


if __name__ == "__main__":
    main()
