"""Find and read the state dict in a checkpoint file of another project."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import nn

from harness.errors import CheckpointError, did_you_mean
from harness.models.checkpoints.inspect import is_safetensors
from harness.models.checkpoints.pickled_values import OmittedObject
from harness.models.checkpoints.tensor_archive import content_without_objects, first_left_out
from harness.models.checkpoints.text_inspection import other_kind
from harness.models.checkpoints.torch_files import Refusal, load_torch, refusal_of
from harness.models.external.project_imports import project_imports
from harness.models.run_messages import log_once, warn_once

StateDict = dict[str, Any]  # tensors by name, and what modules keep as extra state

EXTRA = "_extra_state"  # suffix of the names of extra state

_SHOWN = 8
_SKIP = (
    "Where the objects stand beside the state dict, such as hyperparameters of Lightning, model.params.state.objects: "
    "skip leaves them out, and runs nothing. "
)
_ALLOW = "If you trust the file as your own code, model.params.allow_pickle: true runs it."
_DEEPEST = 4  # levels that are searched for a state dict


def read_state(
    path: Path,
    *,
    key: str | None = None,
    objects: Literal["error", "skip"] = "error",
    allow_pickle: bool = False,
    python_path: str | None = None,
) -> StateDict:
    """Return the state dict of a checkpoint on the CPU: its tensors and the extra state of modules.

    Parameters
    ----------
    path
        ``.safetensors``, or a file of ``torch.save``; the content decides, not the name.
    key
        Key of the state dict, with dots for nested keys; None: the file itself, or the only state dict in it.
    objects
        Treatment of objects that only code can create: ``error``, or ``skip``, which omits them and runs no code. An
        object inside the state dict is always an error.
    allow_pickle
        Whether the code of a file that holds more than tensors may run, with a warning.
    python_path
        Folder of the classes of such a file.

    Raises
    ------
    CheckpointError
        The file is missing or damaged, or holds objects that only code can create; it has no such key; or it holds no
        state dict, or several.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(9)
    except OSError as error:
        raise CheckpointError(f"cannot read the checkpoint {path}: {error.strerror}.") from error
    if is_safetensors(head):
        content: Any = _of_safetensors(path)
    elif objects == "skip":
        content = _without_objects(path)
    else:
        content = _of_torch(path, allow_pickle=allow_pickle, python_path=python_path)
    return _tensors(_at(content, key, path) if key is not None else _found(content, path), path)


def _of_safetensors(path: Path) -> StateDict:
    try:
        return safetensors.torch.load_file(path)
    except OSError as error:
        raise CheckpointError(f"cannot read the checkpoint {path}: {error.strerror or error}.") from error
    except (safetensors.SafetensorError, TypeError, ValueError, KeyError, AttributeError, RuntimeError) as error:
        raise CheckpointError(
            f"the checkpoint {path} is cut short, damaged, or of an unknown kind ({error}). Get it again."
        ) from error


def _of_torch(path: Path, *, allow_pickle: bool, python_path: str | None) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # advice for callers of torch.load
        try:
            return load_torch(path)
        except Exception as error:  # external code may raise anything
            other = other_kind(path)
            refusal = refusal_of(error) if other is None else Refusal(other)
            if not (refusal.runs_code and allow_pickle):
                skip = _SKIP if refusal.holds_objects and zipfile.is_zipfile(path) else ""
                also = f" Either is safe. {skip}{_ALLOW}" if refusal.runs_code else ""
                raise CheckpointError(f"the checkpoint {path} {refusal.reason}{also}") from error
        warn_once(f"the checkpoint {path} is a pickle: reading it runs the code that it names (allow_pickle)")
        try:
            # Its classes are in the factory's project, which was entered when the module was built.
            with project_imports({}, python_path=python_path):
                return torch.load(path, map_location="cpu", weights_only=False)
        except Exception as error:
            raise CheckpointError(
                f"the checkpoint {path} cannot be unpickled ({type(error).__name__}: {str(error)[:200]}). Its classes "
                "have to be installed, or in model.params.python_path."
            ) from error


def _without_objects(path: Path) -> Any:
    content = content_without_objects(path)
    if isinstance(content, OmittedObject):
        raise CheckpointError(
            f"the checkpoint {path} is {content} as a whole, and nothing is left without it (model.params.state."
            "objects). Save its state dict: torch.save(model.state_dict(), 'model.pt')."
        )
    left_out = first_left_out(content)
    if left_out is not None:
        log_once(f"{path}: objects that only code could make are left out, such as {left_out}")
    return content


def _at(content: Any, key: str, path: Path) -> Any:
    """Return the value of a dotted key; the keys themselves may have dots."""
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
            if isinstance(here, OmittedObject):
                raise CheckpointError(
                    f"the checkpoint {path} has {here} above '{'.'.join(words)}' (model.params.state.key), and what is "
                    "in objects is not read. Name a key of a map, or save the state dict alone."
                )
            hint = did_you_mean(words[0], known) if len(known) <= _SHOWN else f"Known: {', '.join(known[:_SHOWN])}, …"
            raise CheckpointError(
                f"the checkpoint {path} has no '{key}' (model.params.state.key): there is no '{'.'.join(words)}'. "
                f"{hint or 'Nothing is below.'}"
            )
    return here


def _found(content: Any, path: Path) -> Any:
    """Return the content of the file if it is a state dict, or else the only state dict in it."""
    if not isinstance(content, Mapping):
        return content
    own = {name for name, one in content.items() if _is_tensor(one)}
    # A few tensors may accompany a state dict, such as class weights or the state of a generator.
    inside = [_state_of(one) for name, one in content.items() if _holds_tensors(one) and not str(name).endswith(EXTRA)]
    if own and not any(len(one) >= len(own) for one in inside):
        return content
    if any(own & one.keys() for one in inside):
        raise CheckpointError(
            f"the checkpoint {path} holds tensors, and below them a map of tensors of the same names, such as "
            f"'{min(map(str, own))}'. Name the map in model.params.state.key, or save only the one that is meant."
        )
    nested, level = {}, [("", content)]
    for _ in range(_DEEPEST):  # only the topmost: those of an optimizer lie deeper
        below = [(f"{above}{key}", value) for above, part in level for key, value in part.items()]
        nested = {name: value for name, value in below if _holds_tensors(value)}
        if nested:
            break
        # A map with several references is searched once.
        maps = {id(value): (f"{name}.", value) for name, value in below if isinstance(value, Mapping)}
        level = list(maps.values())
    if len(nested) == 1:
        ((key, value),) = nested.items()
        beside = f"; {len(own):,} tensors beside it are not: {', '.join(sorted(map(str, own))[:_SHOWN])}" if own else ""
        log_once(f"{path}: the state dict is taken from its key '{key}'{beside}")
        return value
    if nested:
        some = list(nested.items())[:_SHOWN]
        sizes = ", ".join(f"'{key}' with {len(_state_of(value)):,} tensors" for key, value in some)
        more = ", …" if len(nested) > _SHOWN else ""
        raise CheckpointError(
            f"the checkpoint {path} holds several state dicts: {sizes}{more}. Name one in model.params.state.key."
        )
    return content


def _holds_tensors(value: Any) -> bool:
    entries = _state_of(value)
    return isinstance(entries, Mapping) and any(_is_tensor(one) for one in entries.values())


def _is_tensor(value: Any) -> bool:
    return isinstance(value, (torch.Tensor, np.ndarray))


def _state_of(value: Any) -> Any:
    return value.state_dict() if isinstance(value, nn.Module) else value


def _tensors(value: Any, path: Path) -> StateDict:
    entries = _state_of(value)
    named = entries.items() if isinstance(entries, Mapping) else ()
    for name, one in named:
        left_out = first_left_out(one)
        if left_out is not None:
            raise CheckpointError(
                f"'{str(name)[:100]}' in the state dict of the checkpoint {path} is, or holds, {left_out}, which is "
                "not read (model.params.state.objects: skip). Name the state dict alone in model.params.state.key, or "
                "save it alone: torch.save(model.state_dict(), 'model.pt')."
            )
    found = {str(name): torch.as_tensor(one) for name, one in named if _is_tensor(one)}
    if found:  # extra state of modules may have any type
        found |= {str(name): one for name, one in named if str(name).endswith(EXTRA)}
    else:
        keys = [str(key) for key in entries] if isinstance(entries, Mapping) else []
        what = f"its keys are {', '.join(keys[:_SHOWN])}" if keys else f"it is {type(value).__name__}"
        raise CheckpointError(
            f"the checkpoint {path} holds no tensors by name: {what}. Name the state dict in it in "
            "model.params.state.key."
        )
    return found
