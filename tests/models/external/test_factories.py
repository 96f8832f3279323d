"""Code of other projects: from where it may come, and what is said where it does not."""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
import types

import pytest

from harness.errors import HarnessError
from harness.models.external.code_files import FOUNDATIONS
from harness.models.external.factories import construct, load_factory, source_files
from harness.models.external.project_imports import leave_project


@pytest.fixture(autouse=True)
def alone():
    """Leave no project behind."""
    leave_project()
    yield
    leave_project()


@pytest.fixture
def folder(tmp_path):
    """Write a package, a module and a folder without ``__init__``, each of a name of its own."""
    package = tmp_path / "stall_package"
    (package / "deep").mkdir(parents=True)
    (package / "__init__.py").write_text("import os\n")
    (package / "deep" / "__init__.py").write_text("")
    (package / "deep/nets.py").write_text(
        "import os\nfrom os import system\nNUMBER = 3\n"
        "class Net:\n    def __init__(self, size, scale=1):\n        self.size = size + 0\n"
        "    @classmethod\n    def of(cls, size):\n        return cls(size)\n"
    )
    (package / "broken.py").write_text("raise RuntimeError('no   GPU')\nNet = None\n")
    (package / "needy.py").write_text("import surely_not_installed\n")
    (package / "leaving.py").write_text("raise SystemExit(3)\nNet = None\n")
    (tmp_path / "stall_module.py").write_text("def make(size):\n    return size\n")
    (tmp_path / "stall_space").mkdir()
    (tmp_path / "stall_space/one.py").write_text("def make(size):\n    return size\n")
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0].startswith("stall_")]:
        del sys.modules[name]


def test_what_is_found(folder):
    before = list(sys.path)
    assert construct("stall_package.deep.nets:Net", {"size": 2}, python_path=str(folder)).size == 2
    assert construct("stall_package.deep.nets:Net.of", {"size": 2}, python_path=str(folder)).size == 2
    assert load_factory("stall_module:make", python_path=str(folder))(size=1) == 1
    assert load_factory("stall_space.one:make", python_path=str(folder))(size=1) == 1
    assert load_factory("torch.nn:Linear", python_path=None).__name__ == "Linear"
    leave_project()
    assert sys.path == before


def test_source_files_are_found_without_an_import(folder):
    found = source_files("stall_package.broken:Net", python_path=str(folder))
    assert sorted(path.name for path in found) == [
        "__init__.py",
        "__init__.py",
        "broken.py",
        "leaving.py",
        "needy.py",
        "nets.py",
    ]
    assert [path.name for path in source_files("stall_module:make", python_path=str(folder))] == ["stall_module.py"]
    assert [path.name for path in source_files("stall_space.one:make", python_path=str(folder))] == ["one.py"]
    assert not any(name.startswith("stall_") for name in sys.modules)


def test_source_files_are_those_of_what_is_imported_from_the_same_folder_too(folder):
    (folder / "stall_module.py").write_text("def make():\n    from stall_help import more as m\n    return m\n")
    (folder / "stall_help.py").write_text("import os, stall_package.deep, stall_module\nfrom . import no\n")
    (folder / "stall_other.py").write_text("")
    found = source_files("stall_module:make", python_path=str(folder))
    assert [path.name for path in found if path.parent == folder] == ["stall_help.py", "stall_module.py"]
    assert folder / "stall_package/deep/nets.py" in found
    assert {path.parts[len(folder.parts)] for path in found} == {"stall_help.py", "stall_module.py", "stall_package"}
    (folder / "stall_help.py").write_text("this is no Python")
    assert len(source_files("stall_module:make", python_path=str(folder))) == 2


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        ("", "is not the name of a class or function. Write package.module:Name"),
        ("stall_module.make", "is not the name"),
        ("stall_module:", "is not the name"),
        ("stall module:make", "is not the name"),
        ("../x:make", "is not the name"),
        ("stall_modul:make", "no package or module 'stall_modul' is installed, or in .* Did you mean 'stall_module'"),
        ("stall_package.deeq.nets:Net", "there is no module 'stall_package.deeq'. Did you mean 'stall_package.deep'"),
        ("stall_package.deep.nets:Nett", "has no 'Nett'. Did you mean 'Net'"),
        ("stall_package.deep.nets:Net.off", "has no 'off'. Did you mean 'of'"),
        ("stall_package.deep.nets:NUMBER", "is int; a class or a function is needed"),
        ("stall_package.broken:Net", "importing stall_package.broken failed with RuntimeError: no GPU"),
        (
            "stall_package.needy:Net",
            r"stall_package/needy.py, line 1, imports surely_not_installed, which is not installed. Install it\.$",
        ),
        ("stall_package.leaving:Net", "failed with SystemExit: 3"),
        ("subprocess:run", "belongs to Python itself"),
        ("builtins:eval", "belongs to Python itself"),
        ("stall_package:os.system", "leads into the module os"),
        ("stall_package.deep.nets:system", "which belongs to Python itself"),
    ],
)
def test_what_is_not_found(factory, message, folder):
    with pytest.raises(HarnessError, match=message):
        load_factory(factory, python_path=str(folder))


def test_only_named_folders_are_looked_into(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    with pytest.raises(
        HarnessError, match=r"'stall_module' is installed\. .*set model.params.python_path to the folder"
    ):
        load_factory("stall_module:make", python_path=None)
    assert load_factory("stall_module:make", python_path=".")(size=1) == 1
    with pytest.raises(HarnessError, match="python_path: nowhere does not exist"):
        load_factory("stall_module:make", python_path="nowhere")
    with pytest.raises(HarnessError, match=r"python_path: stall_module.py is not a folder"):
        load_factory("stall_module:make", python_path="stall_module.py")


def project(folder, **modules):
    """Write modules into a folder."""
    folder.mkdir(exist_ok=True)
    for name, text in modules.items():
        (folder / f"stall_{name}.py").write_text(text)
    return str(folder)


def test_projects_whose_modules_have_the_same_names(tmp_path):
    using = "from stall_help import NUMBER\ndef make():\n    return NUMBER\n"
    one = project(tmp_path / "one", first=using, help="NUMBER = 1\n")
    two = project(tmp_path / "two", second=using, help="NUMBER = 2\n")
    same = project(tmp_path / "same", first="def make():\n    return 3\n")
    before = list(sys.path)
    for folder, name, expected in ((one, "first", 1), (two, "second", 2), (same, "first", 3), (one, "first", 1)):
        assert construct(f"stall_{name}:make", {}, python_path=folder) == expected
        assert sys.path == [folder, *before]
    leave_project()
    assert sys.path == before
    assert not any(name.startswith("stall_") for name in sys.modules)


def test_a_module_that_others_imported_is_not_taken_for_the_projects(tmp_path, monkeypatch):
    folder = project(tmp_path / "one", first="def make():\n    import stall_help\n", help="")
    elsewhere = types.ModuleType("stall_help")
    elsewhere.__file__ = str(tmp_path / "stall_help.py")
    (tmp_path / "stall_help.py").write_text("")
    os.utime(tmp_path / "stall_help.py", (0, 0))
    monkeypatch.setitem(sys.modules, "stall_help", elsewhere)
    with pytest.raises(
        HarnessError, match=r"another module 'stall_help' is already imported, from .*stall_help.py, not"
    ):
        construct("stall_first:make", {}, python_path=folder)


@pytest.mark.parametrize("where", ["folder", "installed"])
def test_code_that_was_edited_is_imported_again(where, tmp_path, monkeypatch):
    folder = project(
        tmp_path / "one",
        first="import stall_help\ndef make():\n    return stall_help.number()\n",
        help="def number():\n    return 1\n",
    )
    python_path, factory = folder, "stall_first:make"
    if where == "installed":
        monkeypatch.syspath_prepend(folder)
        python_path, factory = None, "stall_help:number"
    assert construct(factory, {}, python_path=python_path) == 1
    loaded = sys.modules["stall_help"]
    assert construct(factory, {}, python_path=python_path) == 1
    assert sys.modules["stall_help"] is loaded
    project(tmp_path / "one", help="def number():\n    return 2\n")
    assert construct(factory, {}, python_path=python_path) == 2


def test_what_code_imports_when_it_is_called(tmp_path, monkeypatch):
    text = (
        "import sys\nsys.path.append({!r})\ndef make():\n"
        "    return lambda: (__import__('stall_late').A, __import__('stall_far').B)\n"
    )
    far = project(tmp_path / "far", far="B = 2\n")
    folder = project(tmp_path / "one", first=text.format(far), late="A = 1\n")
    project(tmp_path / "here", late="A = 'of the working directory'\n")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    made = construct("stall_first:make", {}, python_path=folder)
    load_factory("torch.nn:Linear", python_path=folder)
    assert made() == (1, 2)
    assert [path.name for path in source_files("stall_first:make", python_path=folder)] == [
        "stall_first.py",
        "stall_late.py",
    ]
    load_factory("torch.nn:Linear", python_path=None)
    assert far not in sys.path
    assert sys.path[0] == ""


def test_linked_folders_are_read_too(folder, tmp_path):
    away = tmp_path / "away"
    away.mkdir()
    (away / "linked.py").write_text("")
    (folder / "stall_package/away").symlink_to(away)
    (away / "back").symlink_to(folder / "stall_package")
    found = [path.name for path in source_files("stall_package:x", python_path=str(folder))]
    assert found.count("linked.py") == 1


@pytest.mark.parametrize(
    "factory",
    [
        "joblib:load",
        "numpy:load",
        "pandas:read_pickle",
        "torch:load",
        "torch.hub:load",
        "harness.models.external.pickles:unpickled",
        "numpy.testing:runstring",
        "stall_module:load",
    ],
)
def test_what_belongs_to_no_recommender_is_not_a_factory(factory, folder):
    (folder / "stall_module.py").write_text("from joblib import load\n")
    with pytest.raises(
        HarnessError, match=r"is of (joblib|numpy|pandas|torch|harness), which does not make recommenders"
    ):
        load_factory(factory, python_path=str(folder))


def test_all_that_the_harness_needs_is_among_the_foundations():
    needs = {
        re.split(r"[^\w-]", need)[0] for need in importlib.metadata.requires("recsys-harness") if "extra" not in need
    }
    assert {{"pyyaml": "yaml"}.get(name, name) for name in needs} <= FOUNDATIONS


@pytest.mark.parametrize(
    ("init", "message"),
    [
        ({}, r"init \(no arguments\): TypeError: .*missing 1 required"),
        ({"size": 1, "depth": 2}, r"init \(size, depth\): TypeError: .*unexpected keyword argument 'depth'"),
        ({"size": None}, r"init \(size\): TypeError"),
    ],
)
def test_arguments_that_do_not_fit(init, message, folder):
    with pytest.raises(HarnessError, match=message):
        construct("stall_package.deep.nets:Net", init, python_path=str(folder))
