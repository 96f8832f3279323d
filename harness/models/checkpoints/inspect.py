"""Inspect checkpoints of unknown origin: names, shapes, types and sizes, without running any code in them."""

# Torch is imported where a file is read: configurations of models do not wait for it.

from __future__ import annotations

import itertools
import json
import math
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors

from harness.artifacts.checkpoint_facts import CheckpointFacts, StateFacts, TensorFacts
from harness.errors import CheckpointError
from harness.models.checkpoints.array_inspection import array_facts
from harness.models.checkpoints.checkpoint import check_digest
from harness.models.checkpoints.pickled_values import OmittedObject, PickledName
from harness.models.checkpoints.required_files import require_file
from harness.models.checkpoints.text_inspection import other_kind
from harness.models.checkpoints.torch_files import TENSORS_ALONE, load_torch, refusal_of

if TYPE_CHECKING:
    import torch
    from torch import nn

_MOST_ENTRIES, _DEEPEST = 1_000_000, 32  # of a nested checkpoint, which may hold a part many times
_LONGEST_TEXT = 200
_MOST_SHOWN, _DEEPEST_SHOWN = 20, 3  # of values other than tensors


def inspect_checkpoint(path: Path) -> CheckpointFacts:
    """Return the content of a checkpoint, without loading its values where the format allows that.

    Raises
    ------
    CheckpointError
        The file is missing, damaged, of another format, or holds objects that only code can create.
    """
    try:
        with require_file(path, "the checkpoint").open("rb") as stream:
            head = stream.read(9)
        size = path.stat().st_size
    except OSError as error:
        raise CheckpointError(f"cannot read the checkpoint {path}: {error.strerror}.") from error
    if is_safetensors(head):
        return _of_safetensors(path, size)
    arrays = array_facts(path, head, size)
    if arrays is not None:
        return arrays
    if head.startswith((b"PK\x03\x04", b"\x80")):
        return _of_torch(path, size)
    other = other_kind(path)
    if other is not None:
        raise CheckpointError(f"{path} {other}")
    raise CheckpointError(
        f"{path} is neither a safetensors file nor one of torch.save, numpy or parquet, or its beginning is damaged. "
        f"{TENSORS_ALONE}"
    )


def is_safetensors(head: bytes) -> bool:
    """Return whether a file is of safetensors by its first nine bytes: a length, and the start of a map.

    Eight characters of text would be a length that no file has.
    """
    return head[8:] == b"{" and head[7] == 0


def check_format(path: Path) -> None:
    """Check that the checkpoint of a fitted model, if it exists, begins like a safetensors file.

    Raises
    ------
    CheckpointError
        The file has another format.
    """
    if not path.exists():
        return
    try:
        with require_file(path, "the checkpoint").open("rb") as stream:
            head = stream.read(9)
    except OSError as error:
        raise CheckpointError(f"cannot read the checkpoint {path}: {error.strerror}.") from error
    if not is_safetensors(head):
        raise CheckpointError(
            f"the checkpoint {path} is cut short, damaged, or not a safetensors file. Pickled files (.pt, .pth, .pkl) "
            "are never loaded, since they can run code. Name another file in model.checkpoint, or fit again with "
            "`harness fit --force`."
        )


def _of_safetensors(path: Path, size: int) -> CheckpointFacts:
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            # Two values of a four-bit type share a byte: the shape is that of the header.
            named = [
                _TensorEntry(name, file.get_tensor(name), tuple(file.get_slice(name).get_shape()))
                for name in file.keys()  # noqa: SIM118 - no mapping
            ]
        other = {key: _parsed(text) for key, text in metadata.items()}
        check_digest(path, other, {one.name: one.tensor for one in named})
    except OSError as error:
        raise CheckpointError(f"cannot read the checkpoint {path}: {error.strerror or error}.") from error
    except (safetensors.SafetensorError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise CheckpointError(
            f"the checkpoint {path} is cut short, damaged, or of an unknown kind ({error}). Get it again."
        ) from error
    plain = {key: _plain(value) for key, value in other.items()}
    return CheckpointFacts(str(path), "safetensors", size, (_state("", named),), plain)


def _of_torch(path: Path, size: int) -> CheckpointFacts:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # advice for callers, such as torch.jit.load
            content = load_torch(path)
    except Exception as error:  # external code may raise anything
        facts = _without_objects(path, size)
        if facts is None:
            raise CheckpointError(f"the checkpoint {path} {refusal_of(error).reason}") from error
        return facts
    return _described(content, path, size)


def _without_objects(path: Path, size: int) -> CheckpointFacts | None:
    """Return the tensors of a file that also holds objects, whose classes are only named; None if it has none."""
    from harness.models.checkpoints.tensor_archive import content_without_objects

    try:
        facts = _described(content_without_objects(path), path, size)
    except CheckpointError:
        return None
    return facts if facts.states else None


def _described(content: Any, path: Path, size: int) -> CheckpointFacts:
    import torch

    top: list[_TensorEntry] = []
    nested: list[tuple[str, list[_TensorEntry]]] = []
    other: dict[str, Any] = {}
    budget = itertools.count()
    try:
        for name, value in content.items() if isinstance(content, Mapping) else [("content", content)]:
            if isinstance(value, torch.Tensor):
                top.append(_TensorEntry(str(name), value, tuple(value.shape)))
                continue
            found = list(_tensors(value, "", path, budget))
            if found:
                nested.append((str(name), found))
            else:
                other[str(name)] = _plain(value)
        states = [("", top), *nested] if top else nested
        facts = tuple(_state(name, tensors) for name, tensors in states)
    except RuntimeError as error:  # nested tensors and others without a single shape
        raise CheckpointError(f"the checkpoint {path} holds a tensor that cannot be described: {error}.") from error
    return CheckpointFacts(str(path), "PyTorch", size, facts, other)


@dataclass(frozen=True, eq=False)
class _TensorEntry:
    """A tensor with its name and its full shape."""

    name: str
    tensor: torch.Tensor
    shape: tuple[int, ...]


def _tensors(value: Any, name: str, path: Path, budget: Iterator[int], depth: int = 0) -> Iterator[_TensorEntry]:
    """Yield the tensors of nested containers with dotted names."""
    import torch

    if next(budget) > _MOST_ENTRIES or depth > _DEEPEST:
        raise CheckpointError(
            f"the checkpoint {path} has more than {_MOST_ENTRIES:,} entries or {_DEEPEST} levels. {TENSORS_ALONE}"
        )
    if isinstance(value, torch.Tensor):
        yield _TensorEntry(name, value, tuple(value.shape))
    elif isinstance(value, (Mapping, list, tuple)):
        for key, child in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from _tensors(child, f"{name}.{key}" if depth else str(key), path, budget, depth + 1)


def _state(name: str, tensors: Sequence[_TensorEntry]) -> StateFacts:
    from harness.modules import ModelUtils

    model = _as_module(named.tensor for named in tensors)
    facts = tuple(
        TensorFacts(
            name=named.name,
            shape=named.shape,
            dtype=str(named.tensor.dtype).removeprefix("torch."),
            values=math.prod(named.shape),
            bytes=named.tensor.numel() * named.tensor.element_size(),
        )
        for named in tensors
    )
    return StateFacts(name, facts, ModelUtils.count_parameters(model), ModelUtils.get_model_size(model))


def _as_module(tensors: Iterable[torch.Tensor]) -> nn.Module:
    """Return a module that has the floating-point tensors as parameters, and the others as buffers."""
    from torch import nn

    module = nn.Module()
    shared: dict[Any, torch.Tensor] = {}
    for number, tensor in enumerate(tensors):
        kept = shared.setdefault(_memory(tensor), nn.Parameter(tensor) if tensor.is_floating_point() else tensor)
        if isinstance(kept, nn.Parameter):
            module.register_parameter(str(number), kept)
        else:
            module.register_buffer(str(number), kept)
    return module


def _memory(tensor: torch.Tensor) -> Any:
    """Return a key that two tensors share only if they are the same values at the same address."""
    import torch

    if tensor.layout is not torch.strided or tensor.numel() == 0 or tensor.is_meta:
        return id(tensor)
    # Transposed or reshaped views of the whole tensor hold the same values.
    return tensor.data_ptr(), tensor.dtype, tensor.numel()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _plain(value: Any, depth: int = 0) -> Any:
    """Return values other than tensors as plain values, cut to a small depth and length."""
    if value is None or isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value if not isinstance(value, int) or abs(value) < 1 << 63 else "a large integer"
    if isinstance(value, float):
        return str(value)
    if isinstance(value, str):
        return value[:_LONGEST_TEXT]
    if isinstance(value, (Mapping, list, tuple)) and depth < _DEEPEST_SHOWN:
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        shown = {_key(key): _plain(child, depth + 1) for key, child in itertools.islice(items, _MOST_SHOWN)}
        if len(value) > _MOST_SHOWN:
            shown["…"] = f"{len(value) - _MOST_SHOWN:,} more"
        return shown if isinstance(value, Mapping) or "…" in shown else list(shown.values())
    if isinstance(value, (OmittedObject, PickledName)):
        return str(value)
    size = f" of {len(value):,}" if hasattr(value, "__len__") else ""
    return f"{type(value).__name__}{size}"


def _key(key: Any) -> str:
    return str(key)[:_LONGEST_TEXT] if isinstance(key, (str, int, float)) else type(key).__name__
