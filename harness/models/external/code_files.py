"""Find the modules and the source files of external code, without importing it."""

from __future__ import annotations

import ast
import os
import pkgutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from harness.errors import HarnessError, did_you_mean

FOUNDATIONS = frozenset(
    {
        "harness",
        "cloudpickle",
        "filelock",
        "jinja2",
        "joblib",
        "llvmlite",
        "matplotlib",
        "mlflow",
        "narwhals",
        "numba",
        "numpy",
    }
    | {"pandas", "platformdirs", "pyarrow", "pydantic", "rich", "safetensors", "scipy", "seaborn", "statsmodels"}
    | {"torch", "typer", "yaml"}  # up to here the packages that the harness needs; others that run what they read:
    | {"dill", "functorch", "jsonpickle", "setuptools", "sklearn", "skops", "torchgen"}
)
"""Packages that hold no recommenders: only modules of torch are factories, and none is ever imported again."""

project_entries: list[str] = []
"""Entries of ``sys.path`` for the current project: its folder, then those that its code added."""


def folder_of(python_path: str) -> str:
    """Return the absolute path of the folder that an experiment names.

    Raises
    ------
    HarnessError
        The folder does not exist, or the path is a file.
    """
    if not Path(python_path).is_dir():
        problem = "is not a folder" if Path(python_path).exists() else "does not exist"
        raise HarnessError(
            f"model.params.python_path: {python_path} {problem}. Name the folder that holds the package."
        )
    return os.path.realpath(python_path)


def split_path() -> tuple[list[str], list[str]]:
    """Return the working directory, which ``python -m`` puts first on ``sys.path``, and the installed entries.

    Entries of the current project are in neither list.
    """
    entries = list(sys.path)
    for entry in project_entries:
        if entry in entries:
            entries.remove(entry)
    first = 1 if entries and entries[0] in ("", str(Path.cwd())) else 0
    return entries[:first], entries[first:]


def is_in(folder: str | None, top: str) -> bool:
    """Return whether a folder holds a topmost module."""
    return folder is not None and PathFinder.find_spec(top, [folder]) is not None


def find_module(name: str, folder: str | None) -> ModuleSpec | None:
    """Return the spec of a module in a folder or, failing that, among installed modules; None if there is none.

    Modules that are already imported do not count, unlike in ``importlib.util.find_spec``.
    """
    top, *below = name.split(".")
    spec = None if folder is None else PathFinder.find_spec(top, [folder])
    for finder in sys.meta_path:
        spec = spec or finder.find_spec(top, split_path()[1] if finder is PathFinder else None)
    for word in below:
        if spec is None or spec.submodule_search_locations is None:
            return None
        spec = PathFinder.find_spec(f"{spec.name}.{word}", list(spec.submodule_search_locations))
    return spec


def specs_of(top: str, factory: str, *, python_path: str | None, note: str = "") -> dict[str, ModuleSpec]:
    """Return the spec of a factory's topmost module, and of all modules that it imports from the same folder.

    Parameters
    ----------
    top
        Name of the topmost package or module.
    factory
        The factory, for messages.
    python_path
        The folder that is searched first; None: only installed packages.
    note
        Last words of the message on a missing package.

    Raises
    ------
    HarnessError
        There is no such folder, package or module.
    """
    folder = None if python_path is None else folder_of(python_path)
    spec = find_module(top, folder)
    if spec is None or spec.origin in ("built-in", "frozen"):
        known = [] if folder is None else [found.name for found in pkgutil.iter_modules([folder])]
        hint = f"{did_you_mean(top, known)} " if known else ""
        where = "is installed" if folder is None else f"is installed, or in {python_path} (python_path)"
        raise HarnessError(
            f"the factory '{factory}': no package or module '{top}' {where}. {hint}Install the package, or set "
            f"model.params.python_path to the folder that holds it{note}."
        )
    # Installed packages import nothing from the folder.
    return _with_imports({top: spec}, str(folder)) if is_in(folder, top) else {top: spec}


def specs_in(folder: str) -> dict[str, ModuleSpec]:
    """Return the specs of all packages and modules of a folder, by name."""
    names = [found.name for found in pkgutil.iter_modules([folder])]
    return {name: spec for name in names if (spec := PathFinder.find_spec(name, [folder])) is not None}


def files_of(specs: Mapping[str, ModuleSpec]) -> list[Path]:
    """Return the files of modules, and all ``.py`` files of packages."""
    return sorted({path for spec in specs.values() for path in _files(spec)})


def imports_in(nodes: Iterable[ast.AST], package: str = "") -> Iterator[tuple[int, str, str | None]]:
    """Yield the line of each import, the module as it is written, and its absolute name.

    Each name that is imported from a package counts as a module, as it may be one. The absolute name is None where a
    relative import leads out of ``package``.
    """
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".") if package else []
            prefix = above[: len(above) - node.level + 1] if node.level else []
            inside = not node.level or node.level <= len(above)
            base = [node.module] if node.module else []
            for words in ([base] if base else []) + [[*base, alias.name] for alias in node.names if alias.name != "*"]:
                yield node.lineno, "." * node.level + ".".join(words), ".".join([*prefix, *words]) if inside else None


def _with_imports(specs: dict[str, ModuleSpec], folder: str) -> dict[str, ModuleSpec]:
    """Add the modules of a folder that modules import, directly or through others."""
    here = {found.name for found in pkgutil.iter_modules([folder])}
    waiting = list(specs)
    while waiting:
        for word in sorted(_imported_tops(_files(specs[waiting.pop()]), here) - specs.keys()):
            spec = PathFinder.find_spec(word, [folder])
            if spec is not None:
                specs[word] = spec
                waiting.append(word)
    return specs


def _imported_tops(files: list[Path], here: set[str]) -> set[str]:
    """Return the topmost modules that files import anywhere; so do texts that name one of ``here``."""
    names: set[str] = set()
    for path in files:
        try:
            nodes = list(ast.walk(ast.parse(path.read_bytes())))
        except (OSError, SyntaxError, ValueError):
            continue  # the import itself reports it
        names |= {name.partition(".")[0] for _, _, name in imports_in(nodes) if name is not None}
        # Arguments of importlib.import_module.
        texts = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
        names |= here & {text.partition(".")[0] for text in texts}
    return names


def _files(spec: ModuleSpec) -> list[Path]:
    folders = list(spec.submodule_search_locations or ())
    if not folders:
        return [] if spec.origin is None else [Path(spec.origin)]
    return [path for folder in folders for path in _python_files(folder)]


def _python_files(folder: str) -> Iterator[Path]:
    seen = set()
    for here, below, names in os.walk(folder, followlinks=True):
        if (real := os.path.realpath(here)) in seen:  # a link that leads back
            below.clear()
            continue
        seen.add(real)
        yield from (Path(here) / name for name in names if name.endswith(".py"))
