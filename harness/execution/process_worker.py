"""Main loop of a pool's process: receive shards, send results or errors."""

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

END = b""  # message that ends the process


def serve(connection: Connection, folder: Path, more: tuple[str, ...]) -> None:
    """Answer each received shard with ``function(shard, *more)``, until the end message.

    Parameters
    ----------
    connection
        Receives pickled shards, and sends pickled pairs: whether the call succeeded, and the result or the exception.
    folder
        Folder of the function; see ``write_function``.
    more
        Further arguments of the function.
    """
    # Ctrl-C on a terminal reaches every process, but only the calling process reacts.
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
        except BaseException as error:  # SystemExit is reported to the caller, too
            answer = _pickled(error)
        connection.send_bytes(answer)


def _receive(connection: Connection, messages: queue.SimpleQueue[bytes]) -> None:
    """Forward messages, in a thread, so that the process ends even during a shard when the calling process is gone."""
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
        # Some exceptions can be pickled but not unpickled.
        pickle.loads(answer)  # noqa: S301 - written in the line above
        return answer
    return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}\n\n{trace}")))
