"""Where the code of other projects is, and which files it is in; nothing is imported."""

from __future__ import annotations

import ast
import os
import pkgutil
import sys
from collections.abc import Iterator, Mapping
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from harness.errors import HarnessError, did_you_mean
from harness.models.external import search_path

FOUNDATIONS = frozenset(
    {"harness", "cloudpickle", "filelock", "jinja2", "joblib", "llvmlite", "matplotlib", "mlflow", "numba", "numpy"}
    | {"pandas", "platformdirs", "pyarrow", "pydantic", "rich", "safetensors", "scipy", "seaborn", "statsmodels"}
    | {"torch", "typer", "yaml"}  # so far what the harness needs; others that run what they read:
    | {"dill", "functorch", "jsonpickle", "setuptools", "sklearn", "skops", "torchgen"}
)
"""Packages that make no recommenders: no factories, but for modules of torch, and never imported anew."""


def folder_of(python_path: str) -> str:
    """Return the folder that an experiment names, whole.

    Raises
    ------
    HarnessError
        It does not exist, or is no folder.
    """
    if not Path(python_path).is_dir():
        what = "is no folder" if Path(python_path).exists() else "does not exist"
        raise HarnessError(f"model.params.python_path: {python_path} {what}. Name the folder that holds the package.")
    return os.path.realpath(python_path)


def specs_of(top: str, factory: str, *, python_path: str | None, note: str = "") -> dict[str, ModuleSpec]:
    """Return where a factory's package or module comes from, and what it imports from the same folder, by name.

    Parameters
    ----------
    top
        The first word of the factory's module.
    factory
        For messages.
    python_path
        The folder that is looked into first; None: installed packages alone.
    note
        What the message on a missing package ends with.

    Raises
    ------
    HarnessError
        There is no such folder, package or module.
    """
    folder = None if python_path is None else folder_of(python_path)
    spec = spec_of(top, folder)
    if spec is None or spec.origin in ("built-in", "frozen"):
        known = [] if folder is None else [found.name for found in pkgutil.iter_modules([folder])]
        hint = did_you_mean(top, known) if known else ""
        where = "is installed" if folder is None else f"is installed, or in {python_path} (python_path)"
        raise HarnessError(
            f"the factory '{factory}': no package or module '{top}' {where}. {hint}{' ' if hint else ''}"
            f"Install the package, or set model.params.python_path to the folder that holds it{note}."
        )
    # What is installed knows nothing of the folder.
    inside = folder is not None and PathFinder.find_spec(top, [folder]) is not None
    return _with_imports({top: spec}, str(folder)) if inside else {top: spec}


def specs_in(folder: str) -> dict[str, ModuleSpec]:
    """Return all packages and modules of a folder, by name."""
    names = [found.name for found in pkgutil.iter_modules([folder])]
    return {name: spec for name in names if (spec := PathFinder.find_spec(name, [folder])) is not None}


def files_of(specs: Mapping[str, ModuleSpec]) -> list[Path]:
    """Return the files of modules, and the ``.py`` files of packages."""
    return sorted({path for spec in specs.values() for path in _files(spec)})


def spec_of(top: str, folder: str | None) -> ModuleSpec | None:
    """Return where a package or module comes from: a folder, or else what is installed."""
    spec = None if folder is None else PathFinder.find_spec(top, [folder])
    if spec is not None:
        return spec
    # What is in memory already does not count, which importlib.util.find_spec would look at.
    for finder in sys.meta_path:
        spec = finder.find_spec(top, search_path.installed() if finder is PathFinder else None)
        if spec is not None:
            return spec
    return None


def _with_imports(specs: dict[str, ModuleSpec], folder: str) -> dict[str, ModuleSpec]:
    """Add what modules import from a folder, and what that imports, and so on."""
    here = {found.name for found in pkgutil.iter_modules([folder])}
    looked_at: set[str] = set()
    while new := specs.keys() - looked_at:
        for name in new:
            looked_at.add(name)
            for word in _imports(_files(specs[name]), here) - specs.keys():
                spec = PathFinder.find_spec(word, [folder])
                if spec is not None:
                    specs[word] = spec
    return specs


def _files(spec: ModuleSpec) -> list[Path]:
    folders = list(spec.submodule_search_locations or ())
    if not folders:
        return [] if spec.origin is None else [Path(spec.origin)]
    return [path for folder in folders for path in _python_files(folder)]


def _python_files(folder: str) -> Iterator[Path]:
    seen = set()
    for here, below, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        if real in seen:  # a link that leads back
            below.clear()
            continue
        seen.add(real)
        yield from (Path(here) / name for name in names if name.endswith(".py"))


def _imports(files: list[Path], here: set[str]) -> set[str]:
    """Return the topmost names of what files import, wherever in them; texts that are names of modules count too."""
    names: set[str] = set()
    for path in files:
        try:
            tree = ast.parse(path.read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue  # that it cannot be imported is told when it is
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names.add(node.module.partition(".")[0])
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):  # of importlib.import_module
                names |= here & {node.value.partition(".")[0]}
    return names
