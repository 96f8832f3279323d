"""Modules of other projects in this process: one project at a time, and as their files are now."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from harness.errors import HarnessError
from harness.models.external import search_path
from harness.models.external.code_files import FOUNDATIONS, folder_of
from harness.storage import sha256_file

_STARTED = time.time()

_digests: dict[str, str] = {}  # of the files of modules, as they were when imported
_names: set[str] = set()  # the topmost ones of the modules of the project that can be imported now


@contextlib.contextmanager
def importing(specs: Mapping[str, ModuleSpec], *, python_path: str | None) -> Iterator[None]:
    """Import from a folder before all others, and not from the working directory unless it is that folder.

    The folder stays where modules are looked for, since code may import when it is called, until another project is
    entered. The modules of the earlier one go then, whose helpers may have the same names; and those go whose files
    were changed since they were imported.

    Parameters
    ----------
    specs
        Where the project's modules come from, by their topmost names.
    python_path
        The folder; None: installed packages alone.

    Raises
    ------
    HarnessError
        There is no such folder, or a module of such a name is in use, which is no such project's.
    """
    folder = None if python_path is None else folder_of(python_path)
    if folder != search_path.project():
        leave()
    names = (specs.keys() - FOUNDATIONS) | _names
    if any(_is_stale(module) for module in _loaded(names)):
        _forget(names)
    _refuse_others(specs, python_path)
    before, wrote = set(sys.modules), sys.dont_write_bytecode
    # Bytecode is known by the second of its source: two edits within one would pass for the same.
    sys.dont_write_bytecode = True
    try:
        with search_path.ahead(folder):
            yield
    finally:
        sys.dont_write_bytecode = wrote
        if folder is not None:
            new = {name.partition(".")[0] for name in sys.modules.keys() - before} - FOUNDATIONS
            _names.update(name for name in new if _home(sys.modules.get(name)) == folder)
        for module in _loaded((specs.keys() - FOUNDATIONS) | _names):
            _digest(module)


def leave() -> None:
    """Take the project that can be imported off the path, and its modules out of memory."""
    search_path.give_back()
    _forget(_names)
    _names.clear()


def _loaded(names: Collection[str]) -> list[ModuleType]:
    return [module for name, module in list(sys.modules.items()) if name.partition(".")[0] in names]


def _forget(names: Collection[str]) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in names]:
        file = getattr(sys.modules.pop(name), "__file__", None)
        _digests.pop(str(file), None)


def _is_stale(module: ModuleType) -> bool:
    """Return whether a module's file is another than when it was imported."""
    file = getattr(module, "__file__", None)
    if file is None:
        return False
    try:
        if file in _digests:
            return sha256_file(Path(file)) != _digests[file]
        return Path(file).stat().st_mtime >= _STARTED  # others imported it: before or after the change?
    except OSError:
        return True


def _digest(module: ModuleType) -> None:
    file = getattr(module, "__file__", None)
    if file is not None and file not in _digests:
        with contextlib.suppress(OSError):
            _digests[file] = sha256_file(Path(file))


def _refuse_others(specs: Mapping[str, ModuleSpec], python_path: str | None) -> None:
    """Raise where a module in memory is in the way of one of the project's."""
    for name, spec in specs.items():
        loaded = sys.modules.get(name)
        if loaded is not None and not _is_of(loaded, spec):
            raise HarnessError(
                f"another module '{name}' is in use already, from {getattr(loaded, '__file__', None) or 'elsewhere'}, "
                f"not {spec.origin or python_path}. Run the two in processes of their own, or rename one."
            )


def _is_of(loaded: ModuleType, spec: ModuleSpec) -> bool:
    file = getattr(loaded, "__file__", None)
    if file is not None and spec.origin is not None:
        same: bool = os.path.realpath(file) == os.path.realpath(spec.origin)
        return same
    theirs = [os.path.realpath(folder) for folder in getattr(loaded, "__path__", ())]
    ours = [os.path.realpath(folder) for folder in spec.submodule_search_locations or ()]
    return theirs == ours


def _home(module: ModuleType | None) -> str | None:
    """Return the folder that a topmost module was found in."""
    file = getattr(module, "__file__", None)
    if file is None:
        places = [Path(place) for place in getattr(module, "__path__", ())]
        return os.path.realpath(places[0].parent) if places else None
    path = Path(file)
    return os.path.realpath(path.parent.parent if path.name == "__init__.py" else path.parent)
