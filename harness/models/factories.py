"""Code of other projects by name: from installed packages or a folder that the experiment names, from nowhere else."""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.machinery
import importlib.util
import os
import pkgutil
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from harness.errors import HarnessError, did_you_mean

_FORM = "Write package.module:Name, such as shop.models:SASRec (model.params.factory)."
_LONGEST = 300
_STDLIB = sysconfig.get_path("stdlib")


def load_factory(factory: str, *, python_path: str | None) -> Callable[..., Any]:
    """Return the class or function that a name stands for.

    Parameters
    ----------
    factory
        ``package.module:Name``; the name may have dots, such as ``Model.from_config``.
    python_path
        A folder that is looked into first while the module is imported; None: installed packages alone.

    Raises
    ------
    HarnessError
        The text is malformed, the folder, module or name does not exist, the module cannot be imported, or it belongs
        to Python itself, whose functions could do anything.
    """
    module, name = _parts(factory)
    with searching(python_path):
        _spec(module.partition(".")[0], factory, python_path)
        found: Callable[..., Any] = _attribute(_imported(module, factory), name, factory)
    if not callable(found):
        raise HarnessError(f"the factory '{factory}' is {type(found).__name__}; a class or a function is needed.")
    return found


def construct(factory: str, init: Mapping[str, Any], *, python_path: str | None) -> Any:
    """Return what a factory makes of keyword arguments.

    Raises
    ------
    HarnessError
        There is no such factory, or it raises an exception.
    """
    make = load_factory(factory, python_path=python_path)
    try:
        with searching(python_path):
            return make(**init)
    except HarnessError:
        raise
    except (Exception, SystemExit) as error:  # a stranger's code may raise anything
        given = ", ".join(init) or "no arguments"
        # A call that fails before the first line of what is called has the wrong arguments.
        inside = error.__traceback__ is not None and error.__traceback__.tb_next is not None
        what = "failed with" if inside else "does not take"
        raise HarnessError(f"the factory '{factory}' {what} model.params.init ({given}): {said(error)}.") from error


def source_files(factory: str, *, python_path: str | None) -> list[Path]:
    """Return the ``.py`` files of a factory's package, or of its module where it is in none, without importing it.

    With a ``python_path`` also those of other packages and modules in it that these import, and so on.

    Raises
    ------
    HarnessError
        The text is malformed, or the folder or package does not exist.
    """
    top = _parts(factory)[0].partition(".")[0]
    with searching(python_path):
        found = {top: _files(_spec(top, factory, python_path))}
    wanted = _imports(found[top]) if python_path is not None else set()
    while python_path is not None and (new := wanted - found.keys()):
        for name in new:
            spec = importlib.machinery.PathFinder.find_spec(name, [str(Path(python_path).resolve())])
            found[name] = [] if spec is None else _files(spec)
            wanted |= _imports(found[name])
    return sorted({path for files in found.values() for path in files})


def _files(spec: importlib.machinery.ModuleSpec) -> list[Path]:
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    if not folders:
        return [] if spec.origin is None else [Path(spec.origin)]
    return [path for folder in folders for path in folder.rglob("*.py")]


def _imports(files: list[Path]) -> set[str]:
    """Return the topmost names of what files import, wherever in them."""
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
    return names


def said(error: BaseException) -> str:
    """Return an exception's type, the first of its words, and the line of a stranger's code that led to it.

    Examples
    --------
    >>> said(ValueError("no"))
    'ValueError: no'
    """
    text = " ".join(str(error).split())
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    found = f"{type(error).__name__}: {text.rstrip('.')}" if text else type(error).__name__
    own, theirs = Path(__file__).parents[1], sysconfig.get_path("purelib")
    lines = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    # Libraries are not where the mistake is.
    lines = [
        line for line in lines if own not in line[0].parents and not str(line[0]).startswith((theirs, _STDLIB, "<"))
    ]
    return f"{found} ({lines[-1][0].name}, line {lines[-1][1]})" if lines else found


def _parts(factory: str) -> tuple[str, str]:
    module, colon, name = factory.partition(":")
    words = [*module.split("."), *name.split(".")]
    if not colon or not all(word.isidentifier() for word in words):
        raise HarnessError(f"the factory {factory!r} is not the name of a class or function. {_FORM}")
    if words[0] in sys.stdlib_module_names:
        raise HarnessError(
            f"the factory '{factory}' belongs to Python itself and makes no model. Name a class or function of an "
            "installed package, or of a folder in model.params.python_path."
        )
    return module, name


@contextlib.contextmanager
def searching(python_path: str | None) -> Iterator[None]:
    """Look into a folder before all others, and not into the working directory unless it is that folder."""
    before = sys.path
    if python_path is not None and not Path(python_path).is_dir():
        what = "is no folder" if Path(python_path).exists() else "does not exist"
        raise HarnessError(f"model.params.python_path: {python_path} {what}. Name the folder that holds the package.")
    # `python -m` puts the working directory first, where nobody installed anything.
    first = 1 if before and before[0] in ("", str(Path.cwd())) else 0
    sys.path = [*([] if python_path is None else [str(Path(python_path).resolve())]), *before[first:]]
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path = before


def _spec(top: str, factory: str, python_path: str | None) -> importlib.machinery.ModuleSpec:
    """Return where a package or module comes from; it is not imported."""
    spec = None
    if python_path is not None:
        spec = importlib.machinery.PathFinder.find_spec(top, [str(Path(python_path).resolve())])
    if spec is None:
        try:
            spec = importlib.util.find_spec(top)
        except ValueError:  # of a module without a spec, which was typed in by hand
            spec = None
    if spec is None or spec.origin in ("built-in", "frozen"):
        known = [] if python_path is None else [found.name for found in pkgutil.iter_modules([python_path])]
        hint = did_you_mean(top, known) if known else ""
        where = "is installed" if python_path is None else f"is installed, or in {python_path} (python_path)"
        raise HarnessError(
            f"the factory '{factory}': no package or module '{top}' {where}. {hint}{' ' if hint else ''}"
            "Install the package, or set model.params.python_path to the folder that holds it (kind: python, where "
            "model: {factory: …} is short for that)."
        )
    loaded = sys.modules.get(top)
    if loaded is not None and not _is_of(loaded, spec):
        raise HarnessError(
            f"the factory '{factory}': another module '{top}' is in use already, from "
            f"{getattr(loaded, '__file__', None) or 'elsewhere'}, not {spec.origin or python_path}. Run the two in "
            "processes of their own, or rename one."
        )
    return spec


def _is_of(loaded: ModuleType, spec: importlib.machinery.ModuleSpec) -> bool:
    file = getattr(loaded, "__file__", None)
    if file is not None and spec.origin is not None:
        same: bool = os.path.realpath(file) == os.path.realpath(spec.origin)
        return same
    theirs = [os.path.realpath(folder) for folder in getattr(loaded, "__path__", ())]
    ours = [os.path.realpath(folder) for folder in spec.submodule_search_locations or ()]
    return theirs == ours


def _imported(module: str, factory: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except (Exception, SystemExit) as error:  # a stranger's module may raise anything
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing is not None and f"{module}.".startswith(f"{missing}."):
            parent = sys.modules.get(missing.rpartition(".")[0])
            near = [found.name for found in pkgutil.iter_modules(getattr(parent, "__path__", []))]
            raise HarnessError(
                f"the factory '{factory}': there is no module '{missing}'. "
                f"{did_you_mean(missing.rpartition('.')[2], near)}".rstrip()
            ) from error
        remedy = f" Install the package that has '{missing}'." if missing is not None else ""
        raise HarnessError(f"the factory '{factory}': importing {module} failed with {said(error)}.{remedy}") from error


def _attribute(module: ModuleType, name: str, factory: str) -> Any:
    found: Any = module
    for word in name.split("."):
        try:
            found = getattr(found, word)
        except AttributeError as error:
            near = [one for one in dir(found) if not one.startswith("_") and callable(getattr(found, one, None))]
            hint = did_you_mean(word, near)
            hint = hint if len(near) <= 20 or hint.startswith("Did") else ""
            raise HarnessError(
                f"the factory '{factory}': {module.__name__} has no '{word}'. {hint}".rstrip()
            ) from error
        if isinstance(found, ModuleType):
            raise HarnessError(f"the factory '{factory}' leads into the module {found.__name__}. {_FORM}")
    home = str(getattr(found, "__module__", "")).partition(".")[0]
    if isinstance(found, (type, FunctionType, BuiltinFunctionType)) and home in sys.stdlib_module_names:
        raise HarnessError(f"the factory '{factory}' is {home}'s, which belongs to Python itself and makes no model.")
    return found
