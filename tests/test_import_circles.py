"""Modules of the package do not import one another in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import harness

PACKAGE = Path(harness.__file__).parent


def module_names(package: Path = PACKAGE) -> dict[str, Path]:
    """Return the file of each module by its name, without the package itself, which re-exports names lazily."""
    names = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    del names[package.name]
    return names


def imported_modules(path: Path, modules: Mapping[str, Path]) -> Iterator[str]:
    """Yield the modules that a file imports anywhere: in functions and for type checking too.

    ``from package import name`` is an import of ``package.name`` if that is a module, and of ``package`` otherwise. The
    package uses absolute imports only.
    """
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                member = f"{node.module}.{alias.name}"
                if member in modules:
                    yield member
                elif node.module in modules:
                    yield node.module


def import_circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that all import one another, directly or not (Tarjan's algorithm)."""
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    circles = []

    def visit(module: str) -> None:
        index[module] = lowest[module] = len(index)
        stack.append(module)
        for imported in sorted(graph[module]):
            if imported not in index:
                visit(imported)
                lowest[module] = min(lowest[module], lowest[imported])
            elif imported in stack:
                lowest[module] = min(lowest[module], index[imported])
        if lowest[module] == index[module]:
            group = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(group) > 1 or module in graph[module]:
                circles.append(sorted(group))

    for module in sorted(graph):
        if module not in index:
            visit(module)
    return sorted(circles)


def test_no_module_imports_itself_through_others():
    modules = module_names()
    graph = {name: set(imported_modules(path, modules)) for name, path in modules.items()}
    assert import_circles(graph) == []


def test_circles_are_found():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"e"}}
    assert import_circles(graph) == [["b", "c"], ["e"]]
