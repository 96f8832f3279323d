"""Import the code of external projects: one project at a time, and always as its files are now."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from harness.errors import HarnessError
from harness.models.external.code_files import FOUNDATIONS, folder_of, project_entries, split_path
from harness.storage import sha256_file

_STARTED = time.time()

_names: set[str] = set()  # topmost modules that were imported from the folder of the current project
_digests: dict[str, str] = {}  # sha256 of the files of modules when they were imported, by module


@contextlib.contextmanager
def project_imports(specs: Mapping[str, ModuleSpec], *, python_path: str | None) -> Iterator[None]:
    """Search a folder first for imports within the block, and never the working directory, unless it is the folder.

    The folder stays on ``sys.path`` after the block, since code may import when it is called, until another project is
    entered. Then the modules of the earlier project are dropped, as those of the next one may have the same names.
    Modules whose files have changed since they were imported are dropped too.

    Parameters
    ----------
    specs
        Specs of the project's topmost modules, by name.
    python_path
        The folder; None: only installed packages.

    Raises
    ------
    HarnessError
        There is no such folder, or another module of the same name is already imported.
    """
    folder = None if python_path is None else folder_of(python_path)
    if folder != next(iter(project_entries), None):
        leave_project()
    names = (specs.keys() - FOUNDATIONS) | _names
    if any(_is_stale(module) for module in _loaded(names).values()):
        _forget(names)
    _refuse_others(specs, python_path)
    working_directory, installed = split_path()
    before, wrote = set(sys.modules), sys.dont_write_bytecode
    # Bytecode is identified by the second of its source: two edits within one second would look the same.
    sys.dont_write_bytecode = True
    first = [] if folder is None else [folder]
    sys.path[:] = [*first, *installed, *project_entries[1:]]
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.dont_write_bytecode = wrote
        if folder is not None:
            project_entries[:] = [folder, *(entry for entry in sys.path if entry not in installed and entry != folder)]
            new = {name.partition(".")[0] for name in sys.modules.keys() - before} - FOUNDATIONS
            _names.update(name for name in new if _home(sys.modules.get(name)) == folder)
        sys.path[len(first) : len(first)] = working_directory
        for name, module in _loaded(names | _names).items():
            if name not in _digests and module.__spec__ is not None and module.__spec__.has_location:
                with contextlib.suppress(OSError):
                    _digests[name] = sha256_file(Path(str(module.__file__)))


def leave_project() -> None:
    """Remove the current project from ``sys.path``, and its modules from memory."""
    sys.path[:] = [entry for part in split_path() for entry in part]
    project_entries.clear()
    _forget(_names)
    _names.clear()


def _loaded(names: Collection[str]) -> dict[str, ModuleType]:
    return {name: module for name, module in list(sys.modules.items()) if name.partition(".")[0] in names}


def _forget(names: Collection[str]) -> None:
    for name in _loaded(names):
        del sys.modules[name]
        _digests.pop(name, None)


def _is_stale(module: ModuleType) -> bool:
    """Return whether a module's file has changed since it was imported."""
    file, known = getattr(module, "__file__", None), _digests.get(module.__name__)
    try:
        if known is not None:
            return sha256_file(Path(str(file))) != known
        # A module that others imported: perhaps before its last change.
        return file is not None and Path(file).stat().st_mtime >= _STARTED
    except OSError:
        return True


def _refuse_others(specs: Mapping[str, ModuleSpec], python_path: str | None) -> None:
    """Raise if a module of the same name as one of the project's is already imported from elsewhere."""
    for name, spec in specs.items():
        loaded = sys.modules.get(name)
        if loaded is not None and _home(loaded) != _home(spec):
            raise HarnessError(
                f"another module '{name}' is already imported, from "
                f"{getattr(loaded, '__file__', None) or 'elsewhere'}, not {spec.origin or python_path}. Run the two in "
                "separate processes, or rename one."
            )


def _home(found: ModuleType | ModuleSpec | None) -> str | None:
    """Return the folder that a topmost module was found in."""
    if isinstance(found, ModuleSpec):
        places = [*(found.submodule_search_locations or ()), found.origin]
    else:
        places = [*getattr(found, "__path__", ()), getattr(found, "__file__", None)]
    return None if places[0] is None else os.path.realpath(Path(places[0]).parent)
