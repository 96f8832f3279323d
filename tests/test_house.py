"""The rules of the house that no linter knows: names, sizes of files, and what may cross a stage."""

from __future__ import annotations

import ast
import collections
from pathlib import Path

import harness

ROOT = Path(harness.__file__).parent
FILES = {path.relative_to(ROOT): path for path in sorted(ROOT.rglob("*.py"))}
TREES = {name: ast.parse(path.read_bytes()) for name, path in FILES.items()}
MODULES = [name for name in FILES if name.name not in ("__init__.py", "__main__.py")]

# The files of both folders are named after the command that they hold.
NAMED_AFTER_COMMANDS = ("cli", "pipeline/commands")


def names_more_than_once(pairs):
    found = collections.defaultdict(list)
    for name, place in pairs:
        found[name].append(str(place))
    return {name: places for name, places in found.items() if len(places) > 1}


def test_each_module_has_a_name_of_its_own():
    modules = [name for name in MODULES if not str(name.parent).startswith(NAMED_AFTER_COMMANDS)]
    assert names_more_than_once((name.stem, name) for name in modules) == {}


def test_each_class_has_a_name_of_its_own():
    classes = [
        (node.name, name) for name, tree in TREES.items() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    ]
    assert names_more_than_once(classes) == {}


def test_no_file_is_long():
    lengths = {str(name): len(path.read_text().splitlines()) for name, path in FILES.items()}
    assert {name: length for name, length in lengths.items() if length > 300} == {}


def test_artifacts_and_readers_have_a_test_file_each():
    """A module that defines a class or a function there has its tests where a newcomer looks for them."""
    tests = Path(__file__).parent
    lacking = [
        str(file)
        for file, path in FILES.items()
        if file.parent in (Path("artifacts"), Path("data/readers"))
        and any(isinstance(node, (ast.ClassDef, ast.FunctionDef)) for node in ast.parse(path.read_text()).body)
        and not (tests / file.parent / f"test_{file.name}").exists()
    ]
    assert lacking == []


def test_rooms_have_one_level_of_folders():
    assert [str(name) for name in FILES if len(name.parts) > 3] == []


# Attributes of objects that the package does not define: of errors, modules, arrays and models of other projects.
FOREIGN_ATTRIBUTES = {
    "extension_name",
    "padding_idx",
    "reason",
    "strerror",
    "user_factors",
}


def attributes_looked_up(tree):
    """Return the constant names that a module passes to ``getattr``, without those of Python itself."""
    return {
        node.args[1].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "getattr"
        and isinstance(node.args[1], ast.Constant)
        and not node.args[1].value.startswith("__")
    }


def test_what_one_room_asks_of_another_is_declared():
    looked_up = {str(name): attributes_looked_up(tree) - FOREIGN_ATTRIBUTES for name, tree in TREES.items()}
    looked_up["metrics/metric.py"] -= {"k"}  # an option that some metrics have, read by their own base class
    assert {name: names for name, names in looked_up.items() if names} == {}


# Rooms whose files read or write YAML, JSON, tables of facts, or the keyword arguments of other projects.
MAPPINGS_OF_ANYTHING = (
    "artifacts/finding.py",
    "data/describe.py",  # statistics for results.json
    "experiment",
    "models/checkpoints",
    "models/external",
    "models/neural/training_loop.py",  # the state of an interrupted training
    "models/python_object",
    "models/torch_module",
    "pipeline/commands/eval.py",  # RunResult.results, the content of results.json
    "pipeline/run_folder/record_file.py",
    "pipeline/stages/side_arrays.py",  # the description of a job for other processes
    "storage/cache.py",
)


def signatures(tree):
    """Yield the name of each public function with the annotations of its arguments and its result."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            yield node.name, [ast.unparse(each) for each in (*(a.annotation for a in arguments), node.returns) if each]


def test_no_mapping_of_anything_crosses_a_stage():
    found = [
        f"{name}: {function}"
        for name, tree in TREES.items()
        if not str(name).startswith(MAPPINGS_OF_ANYTHING)
        for function, annotations in signatures(tree)
        if any("dict[str, Any]" in each or "Mapping[str, Any]" in each for each in annotations)
    ]
    assert found == []
