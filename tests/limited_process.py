"""Commands in a process of their own that may write less: small files alone, or nothing in folders without leave."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import NamedTuple

_DAC_OVERRIDE = 1  # the capability by which root writes where nobody may


class Ended(NamedTuple):
    """How a command ended: its exit code, and what it wrote."""

    code: int | None
    out: str
    err: str


def run_limited(arguments: Sequence[object], *, largest_file: int | None = None) -> Ended:
    """Run a command of the harness without root's leave to write anywhere, and return how it ended.

    Parameters
    ----------
    arguments
        Of the command line.
    largest_file
        Bytes that a file may have, as if the disk were full then; None for no limit.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "harness.cli", "harness.pipeline", "harness.models", "harness.report"])
    # Pipes, as no limit applies to them; what a command prints fits into their buffers.
    pipes = [context.Pipe(duplex=False) for _ in range(2)]
    command, writers = [str(word) for word in arguments], [writer for _, writer in pipes]
    process = context.Process(target=_run, args=(command, dict(os.environ), *writers, largest_file))
    process.start()
    for writer in writers:
        writer.close()
    texts = [_rest_of(reader) for reader, _ in pipes]
    process.join()
    return Ended(process.exitcode, *texts)


def run_at_once(commands: Sequence[Sequence[object]]) -> list[Ended]:
    """Run commands side by side, each as ``run_limited`` does, and return how they ended."""
    with ThreadPoolExecutor(len(commands)) as threads:
        return list(threads.map(run_limited, commands))


def _rest_of(reader: Connection) -> str:
    with reader, os.fdopen(os.dup(reader.fileno())) as stream:
        return stream.read()


def _run(
    command: list[str], environment: dict[str, str], out: Connection, err: Connection, largest_file: int | None
) -> None:
    os.environ.update(environment)
    for number, writer in ((1, out), (2, err)):
        os.dup2(writer.fileno(), number)
        writer.close()
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    if os.geteuid() == 0:
        _drop(_DAC_OVERRIDE)
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    from harness.cli import main

    sys.argv = ["harness", *command]
    main()


def _drop(capability: int) -> None:
    """Give up a capability for good, by Linux's own calls: Python has none for that."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this process
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; twice 32 bits
    if libc.capget(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capget")
    for place in range(3):
        sets[place] &= ~(1 << capability)
    if libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")
