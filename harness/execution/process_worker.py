"""What runs in a process of a pool: shards come in, results or errors go out."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cloudpickle

from harness.execution.shared_function import read_function

END = b""  # the message after which a process ends


def serve(connection: Connection, folder: Path, more: tuple[str, ...]) -> None:
    """Answer each shard that comes with ``function(shard, *more)``, until told to end.

    Parameters
    ----------
    connection
        Pickled shards come in, pickled pairs go out: whether all went well, and the result or the
        exception.
    folder
        Where the function is.
    more
        Further arguments of the function.
    """
    # Ctrl-C on a terminal reaches every process; the calling one decides what ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    messages: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(connection, messages), daemon=True).start()
    function: Callable[..., Any] | None = None
    while (message := messages.get()) != END:
        try:
            if function is None:
                function = read_function(folder)
            result = function(pickle.loads(message), *more)  # noqa: S301 - from the process that started this one
            answer = cloudpickle.dumps((True, result))
        except BaseException as error:  # SystemExit too is the caller's to see
            answer = _pickled(error)
        connection.send_bytes(answer)


def _receive(connection: Connection, messages: queue.SimpleQueue[bytes]) -> None:
    """Pass messages on; in a thread, so that a process ends in the midst of a shard once nobody waits for it."""
    try:
        while True:
            messages.put(connection.recv_bytes())
    except (EOFError, OSError):
        os._exit(1)


def _pickled(error: BaseException) -> bytes:
    trace = "".join(traceback.format_exception(error))
    with contextlib.suppress(Exception):
        error.add_note(f"In the worker process:\n{trace}")
        answer: bytes = cloudpickle.dumps((False, error))
        # Some exceptions are pickled well and cannot be made again.
        pickle.loads(answer)  # noqa: S301 - written in the line above
        return answer
    return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}\n\n{trace}")))
