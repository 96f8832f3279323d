"""Code of other projects: from where it may come, and what is said where it does not."""

from __future__ import annotations

import sys

import pytest

from harness.errors import HarnessError
from harness.models.factories import construct, load_factory, source_files


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
    (package / "broken.py").write_text("raise RuntimeError('no   GPU')\n")
    (package / "needy.py").write_text("import surely_not_installed\n")
    (package / "leaving.py").write_text("raise SystemExit(3)\n")
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
        ("stall_package.deeq.nets:Net", "there is no module 'stall_package.deeq'. Did you mean 'deep'"),
        ("stall_package.deep.nets:Nett", "has no 'Nett'. Did you mean 'Net'"),
        ("stall_package.deep.nets:Net.off", "has no 'off'. Did you mean 'of'"),
        ("stall_package.deep.nets:NUMBER", "is int; a class or a function is needed"),
        ("stall_package.broken:Net", "importing stall_package.broken failed with RuntimeError: no GPU"),
        (
            "stall_package.needy:Net",
            "failed with ModuleNotFoundError: .* Install the package that has 'surely_not_inst",
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
    with pytest.raises(HarnessError, match=r"python_path: stall_module.py is no folder"):
        load_factory("stall_module:make", python_path="stall_module.py")


def test_two_projects_of_one_name(folder, tmp_path_factory):
    load_factory("stall_module:make", python_path=str(folder))
    other = tmp_path_factory.mktemp("other")
    (other / "stall_module.py").write_text("def make():\n    return 5\n")
    with pytest.raises(HarnessError, match=r"another module 'stall_module' is in use already, from .*stall_module.py"):
        load_factory("stall_module:make", python_path=str(other))


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
