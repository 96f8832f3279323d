"""A real MLflow server on this machine, which tests start, stop and cut off."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

_PATIENCE = 90  # seconds until a server must answer


def free_port():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def wait_for(address):
    """Wait until a server answers."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            urllib.request.urlopen(f"{address}/health", timeout=5).close()  # noqa: S310  (our own)
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def stop(process):
    """End a server with its workers."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def server(folder, port):
    """Yield the address of a server whose store is in a folder."""
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    stores = ["--backend-store-uri", f"sqlite:///{folder}/server.db", "--artifacts-destination", f"{folder}/files"]
    environment = os.environ | {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONWARNINGS": "ignore",
    }
    environment.pop("MLFLOW_TRACKING_URI", None)
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, *stores], cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(process)


class Proxy:
    """Hand connections on to a server until a request that starts with some text: then the server seems to be gone.

    Connections are closed after each answer, so that every request is seen.
    """

    def __init__(self, port):
        self._target = port
        self.cut_at = None  # bytes of the request that finds no server any more
        self.is_cut = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def restore(self):
        self.cut_at, self.is_cut = None, False

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                more = client.recv(65536)
                if not more:
                    return
                head += more
            if self.cut_at is not None and self.cut_at in head.partition(b"\r\n")[0]:
                self.is_cut = True
            if self.is_cut:
                return
            line, _, rest = head.partition(b"\r\n")
            with socket.create_connection(("127.0.0.1", self._target)) as target:
                target.sendall(line + b"\r\nConnection: close\r\n" + rest.replace(b"Connection: keep-alive\r\n", b""))
                sender = threading.Thread(target=self._copy, args=(client, target), daemon=True)
                sender.start()
                while data := target.recv(65536):
                    client.sendall(data)

    def _copy(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
