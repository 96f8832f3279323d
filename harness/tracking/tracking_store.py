"""The tracking store: which one, whether it answers, and one process at a time on a file."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sqlite3
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

from harness import storage
from harness.errors import HarnessError, TrackingError

if TYPE_CHECKING:
    from mlflow import MlflowClient

DEFAULT_STORE = "sqlite:///mlflow.db"

_PROBE = 3.0  # seconds to wait for a store to answer at all
_LOCK = 120.0  # seconds to wait for other processes on the same file
_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
# Defaults for the time of a call: MLflow alone would try an unreachable server for minutes.
_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
    "MLFLOW_HTTP_REQUEST_BACKOFF_JITTER": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}


def resolve(store: str | None) -> str:
    """Return the URI of the store: the argument, else ``MLFLOW_TRACKING_URI``, else a local file.

    A relative sqlite path becomes absolute, so that it means one file whatever the folder later.

    Raises
    ------
    TrackingError
        The URI names a folder, or a database that ends with the process.

    Examples
    --------
    >>> resolve("sqlite:////data/mlflow.db")
    'sqlite:////data/mlflow.db'
    """
    uri = store or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_STORE
    scheme = urlsplit(uri).scheme
    if uri != "databricks" and (scheme in ("", "file") or len(scheme) == 1):
        raise TrackingError(
            f"the tracking store '{uri}' is a folder. "
            "Use a database, such as sqlite:///mlflow.db, or the address of a server."
        )
    if scheme.partition("+")[0] != "sqlite":
        return uri
    head, _, rest = uri.partition("://")
    name, mark, query = rest.removeprefix("/").partition("?")
    if name in ("", ":memory:"):
        raise TrackingError(f"the tracking store '{uri}' would end with this process. Use sqlite:///mlflow.db.")
    return f"{head}:///{Path(name).absolute()}{mark}{query}"


def database(uri: str) -> Path | None:
    """Return the file of a resolved sqlite URI, None for other stores."""
    head, _, rest = uri.partition(":///")
    return Path(rest.partition("?")[0]) if head.partition("+")[0] == "sqlite" else None


def without_password(uri: str) -> str:
    """Return a URI that may be shown.

    Examples
    --------
    >>> without_password("https://me:secret@example.org/mlflow")
    'https://me:***@example.org/mlflow'
    """
    parts = urlsplit(uri)
    if parts.password is None:
        return uri
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(parts.username or '')}:***@{place}"))


@contextlib.contextmanager
def opened(uri: str) -> Iterator[MlflowClient]:
    """Give a client of a resolved store, alone on it if it is a file.

    Raises
    ------
    TrackingError
        The store does not answer, cannot be written, is damaged, or refuses what the block does.
    """
    with _settings(), contextlib.ExitStack() as held:
        try:
            # Two processes that create the tables of one file at once leave it unusable.
            file = database(uri)
            if file is not None:
                held.enter_context(storage.lock(file, timeout=_LOCK))
            _probe(uri, file)
            from mlflow import MlflowClient

            yield MlflowClient(tracking_uri=uri)
        except TrackingError:
            raise
        except HarnessError as error:
            raise TrackingError(f"{error}") from error
        except Exception as error:  # whatever a store, a driver or a network raises: the run must go on
            raise TrackingError(f"the tracking store {without_password(uri)} failed: {_first_line(error)}.") from error


def artifact_folder(uri: str) -> str | None:
    """Return where artifacts of a local store go, as a URI; None lets a server decide.

    Stated, because otherwise they land in whatever folder the process was started in.
    """
    file = database(uri)
    return None if file is None else (file.parent / "mlartifacts").as_uri()


def _probe(uri: str, file: Path | None) -> None:
    if file is not None:
        _probe_file(file)
        return
    parts = urlsplit(uri)
    kind = parts.scheme.partition("+")[0]
    if kind in ("http", "https"):
        _probe_server(uri)
    elif kind in _PORTS:
        _probe_database(uri, parts.hostname, parts.port or _PORTS[kind])


def _probe_file(file: Path) -> None:
    try:
        with contextlib.closing(sqlite3.connect(file, timeout=_PROBE, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("SELECT name FROM sqlite_master").fetchall()
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise TrackingError(
            f"the tracking store {file} cannot be used: {error}. "
            "Move the file away, or name another store in MLFLOW_TRACKING_URI."
        ) from error


def _probe_server(uri: str) -> None:
    try:
        with urllib.request.urlopen(f"{_bare(uri)}/health", timeout=_PROBE):  # noqa: S310 - http(s) alone gets here
            return
    except urllib.error.HTTPError as error:
        error.close()  # it answers: whether it lets us in, the calls will tell
    except OSError as error:
        raise TrackingError(_unreachable(uri, error)) from error


def _probe_database(uri: str, host: str | None, port: int) -> None:
    if host is not None:
        try:
            socket.create_connection((host, port), timeout=_PROBE).close()
        except OSError as error:
            raise TrackingError(_unreachable(uri, error)) from error
    import sqlalchemy

    # MLflow tries ten times, over minutes, what a wrong password or a missing driver fails at once.
    engine = sqlalchemy.create_engine(uri)
    try:
        engine.connect().close()
    finally:
        engine.dispose()


def _bare(uri: str) -> str:
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="")).rstrip("/")


def _unreachable(uri: str, error: OSError) -> str:
    cause = getattr(error, "reason", None) or error.strerror or error
    return (
        f"the tracking store {without_password(uri)} does not answer: {cause}. "
        "Start it, name another in MLFLOW_TRACKING_URI, or use --no-track."
    )


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:500]}".rstrip(".") if lines else type(error).__name__


@contextlib.contextmanager
def _settings() -> Iterator[None]:
    """Keep MLflow quiet and quick to give up, but let what the user has set stand."""
    added = [name for name in _SETTINGS if name not in os.environ]
    os.environ.update({name: _SETTINGS[name] for name in added})
    levels = {name: logging.getLogger(name).level for name in ("mlflow", "alembic")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # Deprecations between MLflow and SQLAlchemy are for their makers, not for our users.
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        for name in added:
            os.environ.pop(name, None)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
