"""Find the address of the MLflow store and open it; a store that is a local file is locked while runs are written."""

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
# Defaults while a store is open: MLflow alone would try an unreachable server for minutes.
_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
    "MLFLOW_HTTP_REQUEST_BACKOFF_JITTER": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}


def resolve(store: str | None) -> str:
    """Return the URI of the store: the argument, else ``MLFLOW_TRACKING_URI``, else a local file.

    A relative sqlite path becomes absolute, so that it means the same file in any working directory.

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
    """Return the file of a resolved sqlite URI; None for other stores."""
    head, _, rest = uri.partition(":///")
    return Path(rest.partition("?")[0]) if head.partition("+")[0] == "sqlite" else None


def without_password(uri: str) -> str:
    """Return a URI with its password masked.

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
    """Yield a client of a resolved store; a store that is a file is locked until the block ends.

    Raises
    ------
    TrackingError
        The store does not answer, cannot be written, is damaged, or refuses what the block does.
    """
    with _settings(), contextlib.ExitStack() as held:
        try:
            # Two processes that create the tables of one file at the same time make it unusable.
            file = database(uri)
            if file is not None:
                held.enter_context(storage.lock(file, timeout=_LOCK))
                _create(uri, file)
            probe(uri)
            from mlflow import MlflowClient

            yield MlflowClient(tracking_uri=uri)
        except TrackingError:
            raise
        except HarnessError as error:
            raise TrackingError(f"{error}") from error
        except Exception as error:  # a store, a driver or a network may raise any error, and none may end the run
            raise TrackingError(f"the tracking store {without_password(uri)} failed: {_first_line(error)}.") from error


def check_store(store: str | None = None) -> str:
    """Return the address of a store, without a password, after it has answered.

    Parameters
    ----------
    store
        A tracking URI; None for ``MLFLOW_TRACKING_URI``, else ``sqlite:///mlflow.db``. A file that is missing is fine:
        the first run that is sent makes it.

    Raises
    ------
    TrackingError
        The store cannot be used.
    """
    uri = resolve(store)
    file = database(uri)
    if file is None or file.exists():
        with opened(uri):
            pass
    return without_password(uri)


def artifact_folder(uri: str) -> str | None:
    """Return the folder for artifacts of a local store, as a URI; None where a server decides.

    Without it MLflow would write them into the working directory.
    """
    file = database(uri)
    return None if file is None else (file.parent / "mlartifacts").as_uri()


def _create(uri: str, file: Path) -> None:
    """Make the tables of a new file beside it, so that an interruption leaves no half-made store."""
    if file.exists() and file.stat().st_size > 0:
        return
    import sqlalchemy
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    with storage.atomic_write(file) as new:
        # MLflow makes the tables in hundreds of transactions. Waiting for the disk after each takes seconds.
        sqlalchemy.event.listen(sqlalchemy.Engine, "connect", _without_waiting)
        try:
            address = f"sqlite:///{new.absolute()}"
            store = SqlAlchemyStore(address, artifact_folder(uri))  # type: ignore[no-untyped-call]
            store.engine.dispose()
        finally:
            sqlalchemy.event.remove(sqlalchemy.Engine, "connect", _without_waiting)


def _without_waiting(connection: sqlite3.Connection, record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF").close()


def probe(uri: str) -> None:
    """Raise an error within seconds if a resolved store does not answer.

    Raises
    ------
    TrackingError
        It does not answer, or is a file that is no database.
    """
    file = database(uri)
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
        error.close()  # it answers; the calls show whether it accepts us
    except OSError as error:
        raise TrackingError(_unreachable(uri, error)) from error


def _probe_database(uri: str, host: str | None, port: int) -> None:
    if host is not None:
        try:
            socket.create_connection((host, port), timeout=_PROBE).close()
        except OSError as error:
            raise TrackingError(_unreachable(uri, error)) from error
    import sqlalchemy

    # With a wrong password or a missing driver, MLflow would try for minutes; this fails at once.
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
    """Make MLflow quiet and quick to give up; settings of the user take precedence."""
    added = [name for name in _SETTINGS if name not in os.environ]
    os.environ.update({name: _SETTINGS[name] for name in added})
    levels = {name: logging.getLogger(name).level for name in ("mlflow", "alembic")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # Deprecations between MLflow and SQLAlchemy do not concern our users.
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", FutureWarning)
            # MLflow imports tqdm, which asks for widgets in a notebook; no bar of MLflow is shown.
            warnings.filterwarnings("ignore", message="IProgress not found")
            yield
    finally:
        for name in added:
            os.environ.pop(name, None)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
