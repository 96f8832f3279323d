"""State dicts of other projects: found in their file, brought to a module's names, and compared with it."""

from __future__ import annotations

import functools
import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import nn

from harness.errors import CheckpointError, did_you_mean
from harness.models.factories import searching
from harness.models.inspection import load_torch, why_refused
from harness.models.torch_options import State

logger = logging.getLogger("harness")

PREFIXES = ("module.", "model.", "_orig_mod.")  # of DataParallel, Lightning and torch.compile
_SHOWN = 8


StateDict = dict[str, torch.Tensor]


def read_state(
    path: Path, *, key: str | None = None, allow_pickle: bool = False, python_path: str | None = None
) -> StateDict:
    """Return the state dict of a checkpoint, on the CPU.

    Parameters
    ----------
    path
        ``.safetensors``, or a file of ``torch.save``; the content decides, not the name.
    key
        Where the state dict stands, with dots; None: the file itself, or the one state dict right below.
    allow_pickle
        Run the code of a file that holds more than tensors, with a warning.
    python_path
        Where such a file's classes are.

    Raises
    ------
    CheckpointError
        The file is missing, damaged, or holds what only code could make; it has no such key; or it holds several state
        dicts or none.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(9)
    except OSError as error:
        raise CheckpointError(f"cannot read the checkpoint {path}: {error.strerror}.") from error
    if head[8:] == b"{":
        content: Any = _of_safetensors(path)
    else:
        content = _of_torch(path, allow_pickle=allow_pickle, python_path=python_path)
    return _tensors(_at(content, key, path) if key is not None else _found(content, path), path)


def load_state(module: nn.Module, tensors: StateDict, options: State, *, path: Path) -> None:
    """Give a module the tensors of a state dict.

    Parameters
    ----------
    module
        It is changed in place.
    tensors
        As ``read_state`` returns them.
    options
        Prefixes, and what may differ.
    path
        The file, for messages.

    Raises
    ------
    CheckpointError
        Tensors are missing, unexpected, hold NaN, or have other shapes than the module's: all of them are listed.
    """
    own = module.state_dict()
    given = _renamed(tensors, own, options.prefix, path)
    given |= {name: own[name] for name in _made_of_others(own, given)}
    missing = [name for name in own if name not in given]
    unexpected = [name for name in given if name not in own and not any(part in name for part in options.ignore)]
    shapes = [name for name in own if name in given and own[name].shape != given[name].shape]
    faults = []
    if shapes:
        faults.append(
            _listed("of another shape", [_shapes(name, given, own) for name in shapes], between="; ")
            + _hint(shapes, given, own)
        )
    if missing:
        faults.append(_listed("missing in the file", missing))
    if unexpected:
        faults.append(_listed("unexpected", unexpected))
    if shapes or (faults and options.strict):
        remedy = (
            "model.params.state: {strict: false} lets missing and unexpected ones be."
            if not shapes
            else "Is it the checkpoint of this factory with these init arguments?"
        )
        raise CheckpointError(
            f"the checkpoint {path} does not fit the module, which has {len(own):,} tensors: {'; '.join(faults)}. "
            f"{remedy}"
        )
    for fault in faults:
        logger.warning("%s: tensors that do not fit are let be (state.strict is false): %s", path, fault)
    kept = {name: tensor for name, tensor in given.items() if name in own}
    for name, tensor in kept.items():
        if tensor.is_floating_point() and bool(torch.isnan(tensor).any()):
            raise CheckpointError(f"the tensor '{name}' of the checkpoint {path} holds NaN. Get another checkpoint.")
    module.load_state_dict(kept, strict=False)


@functools.cache
def _say(what: str) -> None:
    """Log something once: a run reads its checkpoint several times, for the trial and in each worker."""
    logger.info(what)


def _of_safetensors(path: Path) -> StateDict:
    try:
        return safetensors.torch.load_file(path)
    except OSError as error:
        raise CheckpointError(f"cannot read the checkpoint {path}: {error.strerror or error}.") from error
    except (safetensors.SafetensorError, TypeError, ValueError, KeyError, AttributeError, RuntimeError) as error:
        raise CheckpointError(
            f"the checkpoint {path} is cut short, damaged, or of a kind that is not known ({error}). Get it again."
        ) from error


def _of_torch(path: Path, *, allow_pickle: bool, python_path: str | None) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # advice to those who load
        try:
            return load_torch(path)
        except Exception as error:  # a stranger's pickle may raise anything
            why = why_refused(error)
            refused = "to make it would run" in why or "to read it would run" in why
            if refused and not allow_pickle:
                why += (
                    " Either is safe. If you trust the file as your own code, model.params.allow_pickle: true runs it."
                )
            if not (refused and allow_pickle):
                raise CheckpointError(f"the checkpoint {path} {why}") from error
        logger.warning("the checkpoint %s is a pickle: reading it runs the code that it names (allow_pickle)", path)
        try:
            with searching(python_path):
                return torch.load(path, map_location="cpu", weights_only=False)
        except Exception as error:
            raise CheckpointError(
                f"the checkpoint {path} cannot be unpickled ({type(error).__name__}: {str(error)[:200]}). Its classes "
                "have to be installed, or in model.params.python_path."
            ) from error


def _at(content: Any, key: str, path: Path) -> Any:
    """Return what stands under a dotted key; the keys themselves may have dots."""
    words, here = key.split("."), content
    while words:
        here = here.state_dict() if isinstance(here, nn.Module) else here
        known = [str(name) for name in here] if isinstance(here, Mapping) else []
        for stop in range(len(words), 0, -1):
            name = ".".join(words[:stop])
            if name in known:
                here, words = here[name], words[stop:]
                break
        else:
            hint = did_you_mean(words[0], known) if len(known) <= _SHOWN else f"Known: {', '.join(known[:_SHOWN])}, …"
            raise CheckpointError(
                f"the checkpoint {path} has no '{key}' (model.params.state.key): there is no '{'.'.join(words)}'. "
                f"{hint or 'Nothing is below.'}"
            )
    return here


def _found(content: Any, path: Path) -> Any:
    """Return the file's own tensors, or the one state dict right below its top."""
    if not isinstance(content, Mapping) or _holds_tensors(content):
        return content
    nested = {str(key): value for key, value in content.items() if _holds_tensors(value)}
    if len(nested) == 1:
        ((key, value),) = nested.items()
        _say(f"{path}: the state dict is taken from its key '{key}'")
        return value
    if nested:
        sizes = ", ".join(f"'{key}' with {len(_state_of(value)):,} tensors" for key, value in nested.items())
        raise CheckpointError(
            f"the checkpoint {path} holds several state dicts: {sizes}. Name one in model.params.state.key."
        )
    return content


def _holds_tensors(value: Any) -> bool:
    entries = _state_of(value)
    return isinstance(entries, Mapping) and any(isinstance(one, (torch.Tensor, np.ndarray)) for one in entries.values())


def _state_of(value: Any) -> Any:
    return value.state_dict() if isinstance(value, nn.Module) else value


def _tensors(value: Any, path: Path) -> StateDict:
    entries = _state_of(value)
    named = entries.items() if isinstance(entries, Mapping) else ()
    found = {str(name): torch.as_tensor(one) for name, one in named if isinstance(one, (torch.Tensor, np.ndarray))}
    if not found:
        keys = [str(key) for key in entries] if isinstance(entries, Mapping) else []
        what = f"its keys are {', '.join(keys[:_SHOWN])}" if keys else f"it is {type(value).__name__}"
        raise CheckpointError(
            f"the checkpoint {path} holds no tensors by name: {what}. Name the state dict in it in "
            "model.params.state.key."
        )
    return found


def _renamed(tensors: StateDict, own: Mapping[str, Any], prefix: str | None, path: Path) -> StateDict:
    if prefix is not None:
        kept = {name.removeprefix(prefix): one for name, one in tensors.items() if name.startswith(prefix)}
        if not kept:
            some = ", ".join(list(tensors)[:_SHOWN])
            raise CheckpointError(
                f"no tensor of the checkpoint {path} has the prefix '{prefix}' (model.params.state.prefix): {some}."
            )
        return kept
    while carried := next((one for one in PREFIXES if _is_on_all(one, tensors, own)), None):
        _say(f"{path}: the prefix '{carried}' is taken off all names")
        tensors = {name.removeprefix(carried): tensor for name, tensor in tensors.items()}
    return tensors


def _is_on_all(prefix: str, tensors: StateDict, own: Mapping[str, Any]) -> bool:
    return all(name.startswith(prefix) for name in tensors) and not any(name.startswith(prefix) for name in own)


def _made_of_others(own: Mapping[str, torch.Tensor], given: Mapping[str, Any]) -> list[str]:
    """Return names that the file lacks since their tensor is that of another name, which it has."""
    there = {(one.data_ptr(), one.shape, one.stride()) for name, one in own.items() if name in given and one.numel()}
    return [
        name for name, one in own.items() if name not in given and (one.data_ptr(), one.shape, one.stride()) in there
    ]


def _listed(what: str, names: Sequence[str], *, between: str = ", ") -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return f"{len(names):,} {what} ({between.join(names[:_SHOWN])}{more})"


def _shapes(name: str, given: StateDict, own: Mapping[str, torch.Tensor]) -> str:
    return f"{name}: {tuple(given[name].shape)} in the file, {tuple(own[name].shape)} in the module"


def _hint(names: Sequence[str], given: StateDict, own: Mapping[str, torch.Tensor]) -> str:
    """Return what a table with other rows, but rows of the same width, is mostly about."""
    for name in names:
        theirs, ours = tuple(given[name].shape), tuple(own[name].shape)
        if len(theirs) == len(ours) == 2 and theirs[1] == ours[1]:
            return (
                f": '{name}' has {theirs[0]:,} rows in the file and {ours[0]:,} in the module, so model.params.init "
                "says another vocabulary, or another length"
            )
    return ""
