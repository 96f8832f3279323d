"""Read and check the tensors in the output of an external module."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from harness.errors import HarnessError, did_you_mean
from harness.models.external.score_precision import tell_of_ties
from harness.models.torch_module.torch_calls import ModuleAnswer, ModuleCaller, shape_of
from harness.models.vectors.vectors_network import LAST

_SHOWN = 8  # entries of a map or tuple in messages
_PREFERRED = ("logits", "sequences")  # names that transformers uses, if an answer has several tensors


def tensor_in(given: Any, key: str | int | None, what: str) -> torch.Tensor:
    """Return a tensor in the output of a call.

    Parameters
    ----------
    given
        A tensor, a map, a tuple or an object.
    key
        A key, a position or an attribute; None: the tensor itself, or the only one.
    what
        The option, for messages.

    Raises
    ------
    HarnessError
        There is no such tensor, or several.
    """
    if key is None and isinstance(given, torch.Tensor):
        return given
    inside = _inside(given)
    if key is not None:
        found = inside.get(key, getattr(given, key, None) if isinstance(key, str) else None)
    else:
        tensors = {name: one for name, one in inside.items() if isinstance(one, torch.Tensor)}
        preferred = [one for name, one in tensors.items() if name in _PREFERRED]
        found = preferred[0] if preferred else next(iter(tensors.values())) if len(tensors) == 1 else None
    if not isinstance(found, torch.Tensor):
        named = [f"{name}: {shape_of(one)}" for name, one in inside.items()]
        there = "; ".join([*named[:_SHOWN], *(["…"] if len(named) > _SHOWN else [])]) or type(given).__name__
        if not any(isinstance(one, torch.Tensor) for one in inside.values()):
            raise HarnessError(
                f"the module gives no tensor, but {type(given).__name__}{f' of {there}' if named else ''}; return a "
                "torch.Tensor, or a map, tuple or object with one."
            )
        asked = "holds several tensors" if key is None else f"holds no tensor under {key!r}"
        raise HarnessError(
            f"the output of the module {asked} (model.params.output.{what}). Its tensors are {there}. "
            "Name one of these."
        )
    return found


def _inside(given: Any) -> dict[Any, Any]:
    if isinstance(given, torch.Tensor):
        return {}
    if isinstance(given, Mapping):
        return dict(given)
    if isinstance(given, tuple) and hasattr(given, "_fields"):
        return {**dict(enumerate(given)), **dict(zip(given._fields, given, strict=True))}
    if isinstance(given, (tuple, list)):
        return dict(enumerate(given))
    if dataclasses.is_dataclass(given) and not isinstance(given, type):
        return {field.name: getattr(given, field.name) for field in dataclasses.fields(given)}
    return {}


def at_last(caller: ModuleCaller, answer: ModuleAnswer, *, what: str) -> torch.Tensor:
    """Return one row per user, ``(users, …)``; of a row per position, that of the last item."""
    output, padding = caller.options.output, caller.options.call.padding
    given = tensor_in(answer.given, output.key, "key")
    if output.positions == "last" and given.ndim == 3 and given.shape[2] == 1:
        given = given.squeeze(2)  # (users, columns, 1): one score per item, from a layer of one unit
    shape, users = tuple(given.shape), answer.users
    if output.positions == "all" and given.ndim == 3 and shape[:2] == (users, answer.width):
        last = np.maximum(answer.lengths - 1, 0) if padding == "right" else np.full(users, answer.width - 1)
        return given[torch.arange(users, device=given.device), torch.from_numpy(last).to(given.device)]
    if output.positions == "last" and given.ndim == 2 and shape[0] == users:
        return given
    wanted = f"({users}, {answer.width}, …)" if output.positions == "all" else f"({users}, …)"
    other = {2: "last", 3: "all"}.get(given.ndim)
    remedy = (
        f"Set output.positions: {other}."
        if other is not None and other != output.positions
        else ("Name another tensor in output.key, or another method.")
    )
    raise HarnessError(
        f"the module gives {what} of shape {shape}; {wanted} is needed for output.positions: "
        f"{output.positions}. {remedy}"
    )


def settled(caller: ModuleCaller, answer: ModuleAnswer, given: torch.Tensor, what: str) -> torch.Tensor:
    """Return finite float32 numbers; 0 for users without history, if ``call.empty`` is ``zero``.

    Raises
    ------
    HarnessError
        A number is not finite; the message names possible causes.
    """
    if not given.is_floating_point():
        raise HarnessError(f"the module gives {what} as {given.dtype}; floating-point numbers are needed.")
    if caller.options.unknown_items == "last" and given.dtype is not torch.float16:
        # The module excludes items by -inf. In float16, -inf may also be an overflow.
        given = given.masked_fill(given == -torch.inf, LAST)
    empty = torch.from_numpy(answer.lengths == 0).to(given.device)
    if caller.options.reads_history and caller.options.call.empty == "zero":
        given = given.masked_fill(empty[:, None], 0.0)
    elif caller.options.reads_history and _alone_not_finite(given, empty):
        raise HarnessError(
            f"the module gives numbers that are not finite for users without history, {int(empty.sum()):,} of "
            f"{answer.users:,} here, for whom it gets only padding. Set model.params.call.empty: zero, so that all "
            "items score 0 for them."
        )
    check_finite(caller, given, what, answer)
    if given.dtype is torch.float64:
        tell_of_ties(given.cpu().numpy(), f"{what} of {caller.options.factory}")
    return given.float()


def check_finite(caller: ModuleCaller, given: torch.Tensor, what: str, answer: ModuleAnswer | None = None) -> None:
    """Check that all numbers of a tensor are finite.

    Raises
    ------
    HarnessError
        A number is not finite; the message names possible causes.
    """
    if bool(torch.isfinite(given).all()):
        return
    bad = given[~torch.isfinite(given)]
    dtype = caller.options.dtype
    half = dtype == "float16" or given.dtype is torch.float16
    remedy = (
        _why_nan(given, answer)
        if bool(torch.isnan(bad).all()) and not half
        else "float16 holds no number beyond 65,504. Set model.params.dtype: float32 or bfloat16."
        if half
        else "Where the module gives -inf itself to items that it leaves out, rank them after all others "
        "(model.params.unknown_items: last), or call a method that does not: seen ones are left out here."
    )
    raise HarnessError(
        f"{bad.numel():,} of {given.numel():,} numbers of the module's {what} ({dtype}) are not finite, such as "
        f"{float(bad[0])}. {remedy}"
    )


def _alone_not_finite(given: torch.Tensor, some: torch.Tensor) -> bool:
    """Return whether only the numbers of some users are not finite."""
    finite = torch.isfinite(given).flatten(1).all(dim=1)
    return bool((some & ~finite).any()) and bool(finite[~some].all())


def _why_nan(given: torch.Tensor, answer: ModuleAnswer | None) -> str:
    """Describe the users whose numbers are NaN."""
    if answer is None:
        return "Is the checkpoint complete, and of this module?"
    users = torch.isnan(given).flatten(1).any(dim=1).cpu().numpy()
    text = f"They are those of {int(users.sum()):,} of {answer.users:,} users"
    if users.any() and not users.all() and (answer.lengths[users] < answer.width).all():
        return (
            f"{text}, all of whom have histories that are padded. A position that may attend to nothing gives NaN, in "
            "nn.TransformerEncoder where it takes its fast path: let each attend to itself, or switch it off where the "
            "module is made (torch.backends.mha.set_fastpath_enabled(False))."
        )
    return f"{text}. Is the checkpoint complete, and of this module?"


def table_of(caller: ModuleCaller, name: str, option: str) -> torch.Tensor:
    """Return a table of the module: a parameter, a buffer, an embedding, or the result of a method."""
    found: Any = caller.module
    for word in name.split("."):
        found = getattr(found, word, None)
    if isinstance(found, (torch.nn.Embedding, torch.nn.Linear)):
        found = found.weight
    elif found is not None and not isinstance(found, torch.Tensor) and callable(found):
        with torch.inference_mode():
            found = found()
    if not isinstance(found, torch.Tensor):
        known = [one for one, _ in (*caller.module.named_parameters(), *caller.module.named_buffers())]
        raise HarnessError(
            f"the module has no table '{name}' (model.params.output.{option}). {did_you_mean(name, known)}"
        )
    if found.ndim != 2 or not found.is_floating_point():
        raise HarnessError(
            f"'{name}' of the module is {found.dtype} {tuple(found.shape)} (model.params.output.{option}); "
            "floating-point (rows, dimension) is needed."
        )
    return found.detach().to(caller.device)
