"""Whether a factory can be imported, told from source files alone: nothing is imported."""

from __future__ import annotations

import ast
import difflib
import pkgutil
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from harness.errors import HarnessError, did_you_mean
from harness.models.external.code_files import folder_of, spec_of

# A file that has one of these may change what can be imported, or which names a module has.
_IMPORTS_DIFFER = re.compile(rb"sys\.path|sys\.modules|meta_path|\bsite\.|__path__|importlib|\bexec\(")
_NAMES_DIFFER = re.compile(
    rb"import \*|__getattr__|\bexec\(|globals\(|locals\(|vars\(|setattr\(|sys\.modules|__dict__|importlib"
)


@dataclass(frozen=True)
class _BrokenImport:
    """An import that cannot work: in which file and line, and of what."""

    path: Path
    line: int
    what: str


def check_importable(module: str, name: str, factory: str, *, python_path: str | None) -> None:
    """Check that a factory's module is there, has the name, and imports nothing that is not installed.

    What cannot be told without running code passes: imports within functions, ``try`` and ``if``, and those of files
    that change where modules are looked for.

    Parameters
    ----------
    module, name
        The two parts of the factory.
    factory
        As it is written, for messages.
    python_path
        The folder that is looked into first; None: installed packages alone.

    Raises
    ------
    HarnessError
        It is sure that the import would fail.
    """
    folder = None if python_path is None else folder_of(python_path)
    _check_chain(module, factory, folder)
    missing = _missing_imports(module, folder)
    if missing:
        first = missing[0]
        raise HarnessError(
            f"the factory '{factory}': {first.path.parent.name}/{first.path.name}, line {first.line}, imports "
            f"{first.what}, which is not installed. Install it{deeper(module, name, python_path=python_path)}."
        )
    _check_name(module, name, factory, folder)


def deeper(module: str, name: str, *, python_path: str | None) -> str:
    """Return advice to look for a module in its package's own folder, which runs no ``__init__`` above; or nothing.

    Nothing is advised where the module would not find what it imports from there.
    """
    words = module.split(".")
    folder = None if python_path is None else folder_of(python_path)
    for depth in range(1, len(words)):
        spec = _find(".".join(words[:depth]), folder)
        places = [] if spec is None else list(spec.submodule_search_locations or ())
        rest = ".".join(words[depth:])
        if len(places) == 1 and _find(rest, places[0]) is not None and _works(rest, places[0], words[0]):
            place = places[0] if python_path is None else str(Path(python_path, *words[:depth]))
            return (
                f", or set model.params.python_path: {place} and factory: {rest}:{name}, which leaves out "
                f"{'/'.join(words[:depth])}/__init__.py"
            )
    return ""


def _works(module: str, folder: str, above: str) -> bool:
    """Return whether a module can be imported from a folder, though the package above is not there."""
    return not _missing_imports(module, folder, above=above)


def no_module(missing: str, factory: str, places: Sequence[str]) -> HarnessError:
    """Return the error for a module that is not in its package, with the name of one that is.

    Parameters
    ----------
    missing
        The module, whole.
    places
        The folders of its package.
    """
    parent, _, word = missing.rpartition(".")
    names = [found.name for found in pkgutil.iter_modules(list(places)) if not found.name.startswith("__")]
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    known = sorted(f"{parent}.{one}" for one in close or names)
    hint = did_you_mean(missing, known) if close else f"Known: {', '.join(known)}." if known else ""
    return HarnessError(f"the factory '{factory}': there is no module '{missing}'. {hint}".rstrip())


def _check_chain(module: str, factory: str, folder: str | None) -> None:
    """Raise if a module is not in its package."""
    words = module.split(".")
    for depth in range(2, len(words) + 1):
        above, here = ".".join(words[: depth - 1]), ".".join(words[:depth])
        spec = _find(above, folder)
        source = None if spec is None else _source(spec)
        if spec is None or (source is not None and _IMPORTS_DIFFER.search(source)):
            return
        if _find(here, folder) is None:
            if spec.submodule_search_locations is None:
                raise HarnessError(
                    f"the factory '{factory}': {above} is a module, and holds no module '{words[depth - 1]}'. Write "
                    f"{above}:{words[depth - 1]} if that is its class or function."
                )
            raise no_module(here, factory, spec.submodule_search_locations)


def _check_name(module: str, name: str, factory: str, folder: str | None) -> None:
    """Raise if a module does not have a name, wherever in its file."""
    spec = _find(module, folder)
    source = None if spec is None else _source(spec)
    word = name.partition(".")[0]
    if spec is None or source is None or _NAMES_DIFFER.search(source):
        return
    if re.search(rb"\b" + word.encode() + rb"\b", source) or _find(f"{module}.{word}", folder) is not None:
        return
    near = [
        node.name
        for node in ast.parse(source).body
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and not node.name.startswith("_")
    ]
    hint = did_you_mean(word, near)
    hint = hint if len(near) <= 20 or hint.startswith("Did") else ""
    raise HarnessError(f"the factory '{factory}': {module} has no '{word}'. {hint}".rstrip())


def _find(module: str, folder: str | None) -> ModuleSpec | None:
    """Return where a module is, by the files alone."""
    words = module.split(".")
    spec = spec_of(words[0], folder)
    for depth in range(2, len(words) + 1):
        if spec is None or spec.submodule_search_locations is None:
            return None
        spec = PathFinder.find_spec(".".join(words[:depth]), list(spec.submodule_search_locations))
    return spec


def _source(spec: ModuleSpec) -> bytes | None:
    if spec.origin is None or not spec.origin.endswith(".py"):
        return None
    try:
        return Path(spec.origin).read_bytes()
    except OSError:
        return None


def _missing_imports(module: str, folder: str | None, *, above: str | None = None) -> list[_BrokenImport]:
    """Return the imports of a module, of its packages and of what they import from the project that cannot work.

    Parameters
    ----------
    above
        A package that is not to be imported.
    """
    own = module.partition(".")[0]
    waiting, seen = _packages(module), set()
    missing: list[_BrokenImport] = []
    while waiting:
        here = waiting.pop(0)
        spec = None if here in seen else _find(here, folder)
        seen.add(here)
        source = None if spec is None else _source(spec)
        if spec is None or source is None:
            continue
        if _IMPORTS_DIFFER.search(source):
            return []
        path = Path(str(spec.origin))
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            continue  # the import tells
        package = here if spec.submodule_search_locations is not None else here.rpartition(".")[0]
        for line, target, level in _always_imported(tree):
            whole = _absolute(target, level, package)
            top = "" if whole is None else whole.partition(".")[0]
            if whole is None or top == above:
                missing.append(_BrokenImport(path, line, f"{'.' * level}{target}"))
            elif top == own or (folder is not None and PathFinder.find_spec(top, [folder]) is not None):
                waiting += [one for one in _packages(whole) if one not in seen]
            elif top not in sys.modules and spec_of(top, folder) is None:
                missing.append(_BrokenImport(path, line, top))
    return missing


def _packages(module: str) -> list[str]:
    """Return a module with the packages that it is in, topmost first, as they are imported."""
    words = module.split(".")
    return [".".join(words[:depth]) for depth in range(1, len(words) + 1)]


def _always_imported(tree: ast.Module) -> Iterator[tuple[int, str, int]]:
    """Yield line, name and level of what is imported whenever a module is."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module:
                yield node.lineno, node.module, node.level
            # What is imported from a package may be a module of it.
            prefix = f"{node.module}." if node.module else ""
            names = [alias.name for alias in node.names if alias.name != "*"]
            yield from ((node.lineno, f"{prefix}{name}", node.level) for name in names)


def _absolute(target: str, level: int, package: str) -> str | None:
    """Return the whole name of what is imported; None if it leads out of the topmost package."""
    if level == 0:
        return target
    words = package.split(".") if package else []
    if level > len(words):
        return None
    return ".".join([*words[: len(words) - level + 1], target])
