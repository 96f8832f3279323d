"""Load state dicts of other projects into a module: match names, compare shapes and types."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from harness.errors import CheckpointError
from harness.models.external.state_files import EXTRA, StateDict
from harness.models.run_messages import log_once, warn_once
from harness.models.torch_module.torch_options import StateOptions

PREFIXES = ("module.", "model.", "_orig_mod.")  # of DataParallel, Lightning and torch.compile
_SHOWN = 8


def load_state(module: nn.Module, tensors: StateDict, options: StateOptions, *, path: Path) -> tuple[str, ...]:
    """Load a state dict into a module, and return the names of tensors that it lacks.

    Parameters
    ----------
    module
        The module; it is changed in place.
    tensors
        The state dict, as ``read_state`` returns it.
    options
        Prefixes of names, and which differences are allowed.
    path
        The file, for messages.

    Raises
    ------
    CheckpointError
        Tensors are missing or unexpected, hold NaN, differ from the module's in shape or kind of number, or differ
        where the module shares one tensor. The message lists all of them. Without ``strict`` some tensors, but not all,
        may be missing or unexpected.
    """
    own = module.state_dict()
    given = _renamed(tensors, own, options.prefix, path)
    _materialise(module, given, path)
    own = module.state_dict()
    given |= {name: own[name] for name in _made_of_others(own, given)}
    missing = [name for name in own if name not in given]
    unexpected = [name for name in given if name not in own and not any(part in name for part in options.ignore)]
    both = [name for name in own if name in given and not name.endswith(EXTRA)]
    shapes = [name for name in both if own[name].shape != given[name].shape]
    kinds = [name for name in both if own[name].is_floating_point() != given[name].is_floating_point()]
    faults = []
    if shapes:
        faults.append(
            _listed("of another shape", [_shapes(name, given, own) for name in shapes], between="; ")
            + _hint(shapes, given, own)
        )
    if kinds:
        types = (f"{name}: {_type(given[name])} in the file, {_type(own[name])} in the module" for name in kinds)
        faults.append(_listed("of another kind of number", list(types), between="; "))
    if missing:
        faults.append(_listed("missing in the file", missing))
    if unexpected:
        faults.append(_listed("unexpected", unexpected))
    if shapes or kinds or len(missing) == len(own) or (faults and options.strict):
        carried = _carried(given, own)
        if carried is not None:
            remedy = f"Set model.params.state.prefix: {carried}"
        elif shapes or kinds or len(missing) > len(own) // 2:
            remedy = "Is it the checkpoint of this factory with these init arguments?"
        else:
            remedy = (
                "model.params.state: {strict: false} ignores missing and unexpected ones; those that are missing keep "
                "their random initial values."
            )
        raise CheckpointError(
            f"the checkpoint {path} does not fit the module, which has {len(own):,} tensors: {'; '.join(faults)}. "
            f"{remedy}"
        )
    for fault in faults:
        warn_once(f"{path}: tensors that do not fit are ignored (state.strict is false): {fault}")
    kept = {name: tensor for name, tensor in given.items() if name in own}
    for name, tensor in kept.items():
        if not name.endswith(EXTRA) and tensor.is_floating_point() and bool(torch.isnan(tensor).any()):
            raise CheckpointError(f"the tensor '{name}' of the checkpoint {path} holds NaN. Get another checkpoint.")
    try:
        module.load_state_dict(kept, strict=False)
    except Exception as error:  # external modules may override it
        raise CheckpointError(
            f"the module does not take the tensors of the checkpoint {path}: {type(error).__name__}: {str(error)[:200]}"
        ) from error
    _refuse_torn(module, kept, path)
    return tuple(missing)


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
        log_once(f"{path}: the prefix '{carried}' is removed from all names")
        tensors = {name.removeprefix(carried): tensor for name, tensor in tensors.items()}
    return tensors


def _is_on_all(prefix: str, tensors: StateDict, own: Mapping[str, Any]) -> bool:
    return all(name.startswith(prefix) for name in tensors) and not any(name.startswith(prefix) for name in own)


def _made_of_others(own: Mapping[str, torch.Tensor], given: Mapping[str, Any]) -> list[str]:
    """Return names that the file lacks but whose tensor the module shares with a name in the file."""
    there = {_place(one) for name, one in own.items() if name in given} - {None}
    return [name for name, one in own.items() if name not in given and _place(one) in there]


def _place(value: Any) -> Any:
    """Return the address and layout of a tensor's numbers; None if it has none in memory."""
    if not isinstance(value, torch.Tensor) or value.layout is not torch.strided or value.is_meta or not value.numel():
        return None
    return value.data_ptr(), value.dtype, value.shape, value.stride()


def _refuse_torn(module: nn.Module, kept: Mapping[str, Any], path: Path) -> None:
    """Raise if the file has different tensors for names that share one tensor in the module."""
    now = module.state_dict()
    shared: dict[int, list[str]] = {}
    for name in kept:
        if _place(now[name]) is not None:
            shared.setdefault(now[name].untyped_storage().data_ptr(), []).append(name)
    torn = [
        " = ".join(names)
        for names in shared.values()
        if len(names) > 1 and any(not torch.equal(kept[name].to(now[name]), now[name]) for name in names)
    ]
    if torn:
        raise CheckpointError(
            f"the checkpoint {path} does not fit the module: {_listed('tied in it, but not in the file', torn)}. Make "
            "the module with tensors of their own (model.params.init, or the factory), or save it as it is."
        )


def _materialise(module: nn.Module, given: Mapping[str, Any], path: Path) -> None:
    """Give tensors without a shape, such as those of ``nn.LazyLinear``, their shape in the file."""
    named = (*module.named_parameters(), *module.named_buffers())
    lazy = {name: one for name, one in named if nn.parameter.is_lazy(one)}
    if lacking := [name for name in lazy if name not in given]:
        raise CheckpointError(
            f"the module has tensors without a shape, and the checkpoint {path} does not say it: "
            f"{_listed('missing in the file', lacking)}. Give the layer its sizes, as nn.Linear has them and "
            "nn.LazyLinear has not, or call the module once in the factory."
        )
    for name, one in lazy.items():
        one.materialize(given[name].shape)


def _carried(given: Mapping[str, Any], own: Mapping[str, Any]) -> str | None:
    """Return the prefix that most names of the file have before the module's names; None if none."""
    before = [name.removesuffix(kept) for name in given for kept in own if name.endswith(f".{kept}") and kept]
    found = Counter(before).most_common(1)
    return found[0][0] if found and found[0][1] > len(own) // 2 else None


def _type(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _listed(what: str, names: Sequence[str], *, between: str = ", ") -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return f"{len(names):,} {what} ({between.join(names[:_SHOWN])}{more})"


def _shapes(name: str, given: StateDict, own: Mapping[str, torch.Tensor]) -> str:
    return f"{name}: {tuple(given[name].shape)} in the file, {tuple(own[name].shape)} in the module"


def _hint(names: Sequence[str], given: StateDict, own: Mapping[str, torch.Tensor]) -> str:
    """Return a hint on a table with another number of rows of the same width."""
    for name in names:
        theirs, ours = tuple(given[name].shape), tuple(own[name].shape)
        if len(theirs) == len(ours) == 2 and theirs[1] == ours[1]:
            return (
                f": '{name}' has {theirs[0]:,} rows in the file and {ours[0]:,} in the module, so model.params.init "
                "says another vocabulary, or another length"
            )
    return ""
