"""Check whether a factory can be imported, by reading only source files."""

from __future__ import annotations

import ast
import difflib
import pkgutil
import re
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

from harness.errors import HarnessError, did_you_mean
from harness.models.external.code_files import find_module, folder_of, imports_in, is_in

# Code that may change what can be imported, or which names a module has. It is not judged from its source.
_CHANGES_IMPORTS = re.compile(rb"sys\.path|sys\.modules|meta_path|\bsite\.|__path__|importlib|\bexec\(")
_CHANGES_NAMES = re.compile(
    rb"import \*|__getattr__|\bexec\(|globals\(|locals\(|vars\(|setattr\(|sys\.modules|__dict__|importlib"
)


def check_importable(module: str, name: str, factory: str, *, python_path: str | None) -> None:
    """Check that a factory's module exists, has the name, and imports only what is installed.

    What depends on running code passes: imports within functions, ``try`` and ``if``, and those of files that change
    where modules are searched.

    Parameters
    ----------
    module, name
        The two parts of the factory.
    factory
        The factory as it is written, for messages.
    python_path
        The folder that is searched first; None: only installed packages.

    Raises
    ------
    HarnessError
        The import is certain to fail.
    """
    folder, above = None if python_path is None else folder_of(python_path), None
    for here in _with_packages(module):
        spec = find_module(here, folder)
        if spec is None and above is not None:
            raise _no_module(here, above, factory)
        if spec is None or _CHANGES_IMPORTS.search(_source(spec) or b""):
            break
        above = spec
    for file, line, target in _broken_imports(module, folder):
        inner = ", or set model.params.python_path to the folder of the module itself, where no __init__.py is run"
        raise HarnessError(
            f"the factory '{factory}': {file.parent.name}/{file.name}, line {line}, imports {target}, which is not "
            f"installed. Install it{inner if file.name == '__init__.py' else ''}."
        )
    spec, word = find_module(module, folder), name.partition(".")[0]
    source = None if spec is None else _source(spec)
    if source is None or _CHANGES_NAMES.search(source) or re.search(rb"\b%b\b" % word.encode(), source):
        return
    if find_module(f"{module}.{word}", folder) is None:
        definitions = [node for node in ast.parse(source).body if isinstance(node, (ast.ClassDef, ast.FunctionDef))]
        raise missing_name(module, word, [one.name for one in definitions if not one.name.startswith("_")], factory)


def missing_name(module: str, word: str, known: list[str], factory: str) -> HarnessError:
    """Return the error for a name that a module lacks, with the most similar of its names."""
    hint = did_you_mean(word, known)
    hint = hint if len(known) <= 20 or hint.startswith("Did") else ""
    return HarnessError(f"the factory '{factory}': {module} has no '{word}'. {hint}".rstrip())


def _no_module(missing: str, above: ModuleSpec, factory: str) -> HarnessError:
    """Return the error for a module that its package lacks, with the most similar of the package's modules."""
    package, _, word = missing.rpartition(".")
    if above.submodule_search_locations is None:
        return HarnessError(
            f"the factory '{factory}': {package} is a module, and holds no module '{word}'. Write {package}:{word} if "
            "that is its class or function."
        )
    found = pkgutil.iter_modules(list(above.submodule_search_locations))
    names = [one.name for one in found if not one.name.startswith("__")]
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    known = sorted(f"{package}.{one}" for one in close or names)
    hint = did_you_mean(missing, known) if close else f"Known: {', '.join(known)}." if known else ""
    return HarnessError(f"the factory '{factory}': there is no module '{missing}'. {hint}".rstrip())


def _source(spec: ModuleSpec) -> bytes | None:
    try:
        return Path(spec.origin).read_bytes() if spec.origin is not None and spec.origin.endswith(".py") else None
    except OSError:
        return None


def _with_packages(module: str) -> list[str]:
    """Return the packages that a module is in, topmost first, and the module, in the order of their import."""
    words = module.split(".")
    return [".".join(words[:depth]) for depth in range(1, len(words) + 1)]


def _broken_imports(module: str, folder: str | None) -> Iterator[tuple[Path, int, str]]:
    """Yield file, line and target of imports that must fail, in a module and in what it imports of its project."""
    own, waiting, seen, found = module.partition(".")[0], _with_packages(module), set[str](), []
    while waiting:
        here = waiting.pop(0)
        spec = None if here in seen else find_module(here, folder)
        source = None if spec is None else _source(spec)
        seen.add(here)
        if spec is None or source is None:
            continue
        if _CHANGES_IMPORTS.search(source):
            return
        try:
            nodes = ast.parse(source).body
        except (SyntaxError, ValueError):
            continue  # the import itself reports it
        package = here if spec.submodule_search_locations is not None else here.rpartition(".")[0]
        for line, written, target in imports_in(nodes, package):
            top = "" if target is None else target.partition(".")[0]
            if target is None:
                found.append((Path(str(spec.origin)), line, written))
            elif top == own or is_in(folder, top):
                waiting += _with_packages(target)
            elif top not in sys.modules and find_module(top, folder) is None:
                found.append((Path(str(spec.origin)), line, top))
    yield from found
