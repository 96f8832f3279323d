"""Code of other projects by name: from installed packages or a folder that the experiment names, from nowhere else."""

from __future__ import annotations

import importlib
import sys
import sysconfig
import traceback
from collections.abc import Callable, Mapping
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from harness.errors import HarnessError, did_you_mean
from harness.models.external.code_files import FOUNDATIONS, files_of, specs_of
from harness.models.external.import_checks import check_importable, deeper, no_module
from harness.models.external.importing import importing

_FORM = "Write package.module:Name, such as shop.models:SASRec (model.params.factory)."
_UNPICKLERS = ("cloudpickle", "dill", "joblib")
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
    with importing(_specs(factory, python_path), python_path=python_path):
        imported = _imported(module, name, factory, python_path=python_path)
        found: Callable[..., Any] = _attribute(imported, name, factory)
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
        with importing(_specs(factory, python_path), python_path=python_path):
            return make(**init)
    except HarnessError:
        raise
    except (Exception, SystemExit) as error:  # a stranger's code may raise anything
        given = ", ".join(init) or "no arguments"
        # A call that fails before the first line of what is called has the wrong arguments.
        inside = error.__traceback__ is not None and error.__traceback__.tb_next is not None
        what = "failed with" if inside else "does not take"
        raise HarnessError(
            f"the factory '{factory}' {what} model.params.init ({given}): {describe_error(error)}."
        ) from error


def source_files(factory: str, *, python_path: str | None) -> list[Path]:
    """Return the ``.py`` files of a factory's package, or of its module where it is in none, without importing it.

    With a ``python_path`` also those of other packages and modules in it that these import, and so on.

    Raises
    ------
    HarnessError
        The text is malformed, or the folder or package does not exist.
    """
    return files_of(_specs(factory, python_path))


def check_factory(factory: str, *, python_path: str | None, note: str = "") -> None:
    """Check what can be told of a factory before its code is run: where it is, its name, and what it imports.

    Parameters
    ----------
    factory, python_path
        As for ``load_factory``.
    note
        What the message on a missing package ends with.

    Raises
    ------
    HarnessError
        It could not be used, as ``load_factory`` has it.
    """
    module, name = _parts(factory)
    top = module.partition(".")[0]
    if top == "torch":  # what the harness itself is made of may be imported
        load_factory(factory, python_path=python_path)
    elif top in FOUNDATIONS:
        raise _of_foundations(top, factory)
    else:
        specs_of(top, factory, python_path=python_path, note=note)
        check_importable(module, name, factory, python_path=python_path)


def _of_foundations(top: str, factory: str) -> HarnessError:
    pickled = " A pickled object in model.checkpoint needs no factory: leave it out (kind: python)."
    return HarnessError(
        f"the factory '{factory}' is of {top}, which makes no recommender, and may run whatever it is given. "
        "Name a class or function of your own that calls it (model.params.python_path says where it is)."
        f"{pickled if top in _UNPICKLERS else ''}"
    )


def _specs(factory: str, python_path: str | None) -> dict[str, ModuleSpec]:
    return specs_of(_parts(factory)[0].partition(".")[0], factory, python_path=python_path)


def describe_error(error: BaseException) -> str:
    """Return an exception's type, the first of its words, and the line of a stranger's code that led to it.

    Examples
    --------
    >>> describe_error(ValueError("no"))
    'ValueError: no'
    """
    text = " ".join(str(error).split())
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    found = f"{type(error).__name__}: {text.rstrip('.')}" if text else type(error).__name__
    own, theirs = Path(__file__).parents[2], sysconfig.get_path("purelib")
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


def _imported(module: str, name: str, factory: str, *, python_path: str | None) -> ModuleType:
    try:
        return importlib.import_module(module)
    except (Exception, SystemExit) as error:  # a stranger's module may raise anything
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing is not None and f"{module}.".startswith(f"{missing}."):
            parent = sys.modules.get(missing.rpartition(".")[0])
            raise no_module(missing, factory, list(getattr(parent, "__path__", []))) from error
        instead = "" if missing is None else deeper(module, name, python_path=python_path)
        remedy = f" Install the package that has '{missing}'{instead}." if missing is not None else ""
        raise HarnessError(
            f"the factory '{factory}': importing {module} failed with {describe_error(error)}.{remedy}"
        ) from error


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
    ours = {module.__name__.partition(".")[0], home} & FOUNDATIONS
    if ours and not _is_torch_module(found):
        raise _of_foundations(min(ours), factory)
    return found


def _is_torch_module(found: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(found, type) and issubclass(found, torch.nn.Module)
