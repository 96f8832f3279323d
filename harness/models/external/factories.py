"""Load classes and functions of external projects by name, from installed packages or from a folder."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from harness.errors import HarnessError
from harness.models.external.code_files import FOUNDATIONS, files_of, specs_of
from harness.models.external.external_errors import describe_error, external_errors
from harness.models.external.import_checks import check_importable, missing_name
from harness.models.external.project_imports import project_imports

_FORM = "Write package.module:Name, such as shop.models:SASRec (model.params.factory)."
_UNPICKLERS = ("cloudpickle", "dill", "joblib")


def load_factory(factory: str, *, python_path: str | None) -> Callable[..., Any]:
    """Return the class or function of a name.

    Parameters
    ----------
    factory
        ``package.module:Name``; the name may have dots, such as ``Model.from_config``.
    python_path
        The folder that is searched first; None: only installed packages.

    Raises
    ------
    HarnessError
        The text is malformed, the folder, module or name does not exist, the module cannot be imported, or it belongs
        to Python itself, whose functions could do anything.
    """
    module, name = _parts(factory)
    if module.partition(".")[0] != "torch":
        check_factory(factory, python_path=python_path)
    with project_imports(_specs(factory, python_path), python_path=python_path):
        with external_errors(f"the factory '{factory}': importing {module} failed with"):
            imported = importlib.import_module(module)
        found: Callable[..., Any] = _attribute(imported, name, factory)
    if not callable(found):
        raise HarnessError(f"the factory '{factory}' is {type(found).__name__}; a class or a function is needed.")
    return found


def construct(factory: str, init: Mapping[str, Any], *, python_path: str | None) -> Any:
    """Call a factory with keyword arguments, and return its result.

    Raises
    ------
    HarnessError
        There is no such factory, or it raises an exception.
    """
    make = load_factory(factory, python_path=python_path)
    try:
        with project_imports(_specs(factory, python_path), python_path=python_path):
            return make(**init)
    except HarnessError:
        raise
    except (Exception, SystemExit) as error:  # external code may raise anything
        arguments = ", ".join(init) or "no arguments"
        # A call that fails before the first line of the callable has the wrong arguments.
        inside = error.__traceback__ is not None and error.__traceback__.tb_next is not None
        problem = "failed with" if inside else "does not take"
        text = f"the factory '{factory}' {problem} model.params.init ({arguments}): {describe_error(error)}."
        raise HarnessError(text) from error


def source_files(factory: str, *, python_path: str | None) -> list[Path]:
    """Return the ``.py`` files of a factory's package, or its module if that is in none, without importing it.

    With a ``python_path`` the files of all modules in it that these import, directly or through others, are included.

    Raises
    ------
    HarnessError
        The text is malformed, or the folder or package does not exist.
    """
    return files_of(_specs(factory, python_path))


def check_factory(factory: str, *, python_path: str | None, note: str = "") -> None:
    """Check a factory as far as possible without running its code: its module, its name and its imports.

    Parameters
    ----------
    factory, python_path
        As for ``load_factory``.
    note
        Last words of the message on a missing package.

    Raises
    ------
    HarnessError
        ``load_factory`` would fail.
    """
    module, name = _parts(factory)
    top = module.partition(".")[0]
    if top == "torch":  # a package of the harness itself, which is safe to import
        load_factory(factory, python_path=python_path)
    elif top in FOUNDATIONS:
        raise _of_foundations(top, factory)
    else:
        _specs(factory, python_path, note)
        check_importable(module, name, factory, python_path=python_path)


def _of_foundations(top: str, factory: str) -> HarnessError:
    pickled = " A pickled object in model.checkpoint needs no factory: leave it out (kind: python)."
    return HarnessError(
        f"the factory '{factory}' is of {top}, which does not make recommenders, and may run any code that it is "
        "given. Name a class or function of your own that calls it (model.params.python_path says where it is)."
        f"{pickled if top in _UNPICKLERS else ''}"
    )


def _specs(factory: str, python_path: str | None, note: str = "") -> dict[str, ModuleSpec]:
    return specs_of(_parts(factory)[0].partition(".")[0], factory, python_path=python_path, note=note)


def _parts(factory: str) -> tuple[str, str]:
    module, colon, name = factory.partition(":")
    words = [*module.split("."), *name.split(".")]
    if not colon or not all(word.isidentifier() for word in words):
        raise HarnessError(f"the factory {factory!r} is not the name of a class or function. {_FORM}")
    if words[0] in sys.stdlib_module_names:
        raise HarnessError(
            f"the factory '{factory}' belongs to Python itself and does not make models. Name a class or function of "
            "an installed package, or of a folder in model.params.python_path."
        )
    return module, name


def _attribute(module: ModuleType, name: str, factory: str) -> Any:
    found: Any = module
    for word in name.split("."):
        try:
            found = getattr(found, word)
        except AttributeError as error:
            near = [one for one in dir(found) if not one.startswith("_") and callable(getattr(found, one, None))]
            raise missing_name(module.__name__, word, near, factory) from error
        if isinstance(found, ModuleType):
            raise HarnessError(f"the factory '{factory}' leads into the module {found.__name__}. {_FORM}")
    home = str(getattr(found, "__module__", "")).partition(".")[0]
    if isinstance(found, (type, FunctionType, BuiltinFunctionType)) and home in sys.stdlib_module_names:
        raise HarnessError(
            f"the factory '{factory}' is {home}'s, which belongs to Python itself and does not make models."
        )
    tops = {module.__name__.partition(".")[0], home} & FOUNDATIONS
    if tops and not _is_torch_module(found):
        raise _of_foundations(min(tops), factory)
    return found


def _is_torch_module(found: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(found, type) and issubclass(found, torch.nn.Module)
