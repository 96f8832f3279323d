"""Read the tensors of a ``torch.save`` archive that also holds objects, without running any code in it."""

from __future__ import annotations

import math
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from harness.errors import CheckpointError
from harness.models.checkpoints.pickled_values import OmittedObject, PickledName, values_of
from harness.models.checkpoints.torch_files import check_archive

_LOCAL_HEADER = 30  # bytes before the name of an entry
_MOST_DIMENSIONS = 64
_TYPES = (
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.complex64, torch.complex128),
    *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool),
    *(torch.uint16, torch.uint32, torch.uint64),
    *(torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz),
)
_BY_NAME = {str(dtype): dtype for dtype in _TYPES}
_STORAGES = {
    "torch.DoubleStorage": torch.float64,
    "torch.FloatStorage": torch.float32,
    "torch.HalfStorage": torch.float16,
    "torch.BFloat16Storage": torch.bfloat16,
    "torch.ComplexFloatStorage": torch.complex64,
    "torch.ComplexDoubleStorage": torch.complex128,
    "torch.LongStorage": torch.int64,
    "torch.IntStorage": torch.int32,
    "torch.ShortStorage": torch.int16,
    "torch.CharStorage": torch.int8,
    "torch.ByteStorage": torch.uint8,
    "torch.BoolStorage": torch.bool,
    "torch.storage.UntypedStorage": torch.uint8,
}
_TENSORS = ("torch.Tensor", "torch._tensor.Tensor", "torch.nn.parameter.Parameter")


def content_without_objects(path: Path) -> Any:
    """Return the content of a ``torch.save`` archive, with an ``OmittedObject`` where only code could make an object.

    Containers become dicts, lists, tuples and sets; what is derived from one is left out too. Tensors are views of the
    file, which is mapped rather than read. No tensor has more values than stand in the file.

    Raises
    ------
    CheckpointError
        The file is not such an archive, is damaged, compressed, or too large to be read so.
    """
    try:
        check_archive(path)
        with zipfile.ZipFile(path) as archive, path.open("rb") as stream:
            reader = _Reader(path, archive, stream.fileno())
            return values_of(reader.pickle(), make=reader.make, stored=reader.storage)
    except (OSError, EOFError, ValueError, RuntimeError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        why = "it was not written by torch.save" if isinstance(error, zipfile.BadZipFile) else str(error)
        raise CheckpointError(
            f"the tensors of the checkpoint {path} cannot be read without its objects: {why[:200]}. Save only the "
            "state dict: torch.save(model.state_dict(), 'model.pt')."
        ) from error


def first_left_out(value: Any) -> OmittedObject | PickledName | None:
    """Return the first omitted object or name within a value, at any depth; None if there is none."""
    waiting, seen = [value], set()
    while waiting:
        here = waiting.pop()
        if isinstance(here, (OmittedObject, PickledName)):
            return here
        if isinstance(here, (dict, list, tuple, set, frozenset)) and id(here) not in seen:
            seen.add(id(here))
            waiting += _parts(here)
    return None


def _parts(container: Any) -> Iterable[Any]:
    return [*container.keys(), *container.values()] if isinstance(container, dict) else container


@dataclass(frozen=True, eq=False)
class _Storage:
    """Consecutive bytes of the file, and the type of their numbers."""

    octets: torch.Tensor
    dtype: torch.dtype


class _Reader:
    """Reader of the storages and calls in a pickle of ``torch.save``."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, descriptor: int) -> None:
        self._path, self._archive = path, archive
        names = [name for name in archive.namelist() if name.endswith("/data.pkl") and name.count("/") == 1]
        if len(names) != 1 or any(name.endswith("/constants.pkl") for name in archive.namelist()):
            raise ValueError("it was not written by torch.save")
        self._folder = names[0].removesuffix("data.pkl")
        order = f"{self._folder}byteorder"
        if order in archive.namelist() and self._read(order) != sys.byteorder.encode():
            raise ValueError("its numbers are in another byte order than this machine's")
        self._size = path.stat().st_size
        self._storages: dict[str, torch.Tensor] = {}
        self._file = torch.from_file(str(path), shared=False, size=self._size, dtype=torch.uint8)

    def pickle(self) -> bytes:
        """Return the pickle, which describes the values."""
        return self._read(f"{self._folder}data.pkl")

    def _read(self, name: str) -> bytes:
        self._stored(name)
        return self._archive.read(name)

    def _stored(self, name: str) -> zipfile.ZipInfo:
        entry = self._archive.getinfo(name)
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
            raise ValueError(f"its entry {name[:80]} is compressed")
        return entry

    def storage(self, persistent: Any) -> _Storage:
        """Return the storage of a persistent id: ``("storage", type, key, device, number of values)``."""
        kind, of, key, _, values = persistent
        if kind != "storage" or not isinstance(of, PickledName) or type(key) is not str or type(values) is not int:
            raise ValueError("its pickle refers to something other than tensor data")
        if of.name not in _STORAGES:
            raise ValueError(f"it has a storage of an unknown type, {of.name}")
        if key not in self._storages:
            self._storages[key] = self._octets(f"{self._folder}data/{key}")
        octets, dtype = self._storages[key], _STORAGES[of.name]
        if not 0 <= values * dtype.itemsize <= len(octets):
            raise ValueError(f"the storage {key[:20]} has {len(octets):,} bytes, too few for {values:,} values")
        return _Storage(octets[: values * dtype.itemsize], dtype)

    def _octets(self, name: str) -> torch.Tensor:
        entry = self._stored(name)
        with self._path.open("rb") as stream:
            stream.seek(entry.header_offset)
            header = stream.read(_LOCAL_HEADER)
        lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        start = entry.header_offset + _LOCAL_HEADER + lengths
        if header[:4] != b"PK\x03\x04" or start + entry.file_size > self._size:
            raise ValueError(f"its entry {name[:80]} is cut short")
        octets = self._file[start : start + entry.file_size]
        # Other writers of archives may not align what they store.
        return octets if octets.data_ptr() % 16 == 0 else octets.clone()

    def make(self, name: str, arguments: tuple[Any, ...]) -> Any:
        """Return the result of a call if it is a tensor or a plain value, and an ``OmittedObject`` otherwise."""
        if name in _PLAIN:
            try:
                return _PLAIN[name](*arguments)
            except (TypeError, ValueError):
                return OmittedObject(name)
        match name, arguments:
            case "torch._utils._rebuild_tensor_v2", (_Storage() as storage, offset, tuple(size), tuple(stride), *_):
                return _tensor(storage, storage.dtype, offset, size, stride)
            case (
                "torch._utils._rebuild_tensor_v3",
                (_Storage() as storage, offset, tuple(size), tuple(stride), _, _, PickledName(name=dtype), *_),
            ) if dtype in _BY_NAME:
                return _tensor(storage, _BY_NAME[dtype], offset, size, stride)
            case (
                "torch._utils._rebuild_parameter" | "torch._utils._rebuild_parameter_with_state",
                (torch.Tensor() as tensor, *_),
            ):
                return tensor
            case "torch._tensor._rebuild_from_type_v2", (
                PickledName(name=function),
                PickledName(name=of),
                tuple(inner),
                *_,
            ) if of in _TENSORS and function != name:
                return self.make(function, inner)
        return OmittedObject(name)


def _tensor(storage: _Storage, dtype: torch.dtype, offset: Any, size: tuple[Any, ...], stride: tuple[Any, ...]) -> Any:
    """Return a view of a storage, or an ``OmittedObject`` if the storage has fewer values, as of an expanded tensor.

    Raises
    ------
    ValueError
        It reaches beyond the storage.
    """
    numbers = (offset, *size, *stride)
    if len(size) != len(stride) or len(size) > _MOST_DIMENSIONS or any(map(_no_length, numbers)):
        raise ValueError("it has a tensor without a proper shape")
    values = len(storage.octets) // dtype.itemsize
    if math.prod(size) > values:
        return OmittedObject(f"an expansion of {values:,} values to the shape {size[:8]}")
    if 0 in size:
        return torch.empty_strided(size, stride, dtype=dtype)
    if offset > values or _reach(offset, size, stride) >= values:
        raise ValueError(f"it has a tensor of the shape {size[:8]} that reaches beyond its {values:,} values")
    flat = storage.octets[: values * dtype.itemsize].view(dtype)
    return flat.as_strided(size, stride, flat.storage_offset() + offset)


def _no_length(number: Any) -> bool:
    return type(number) is not int or not 0 <= number < 1 << 62


def _reach(offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> int:
    """Return the position of the last value."""
    return offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True))


def _dict(*pairs: Any) -> dict[Any, Any]:
    """Return an empty dict, which the next instructions fill."""
    if pairs:
        raise TypeError("pairs of an older Python")
    return {}


def _default_dict(factory: Any = None) -> dict[Any, Any]:
    return {}


def _set(values: list[Any]) -> Any:
    if not all(isinstance(one, (str, bytes, int, float, type(None))) for one in values):
        raise TypeError("a set of other than plain values")
    return set(values)


def _octets(text: str, encoding: str) -> bytes:
    if encoding != "latin1" or not isinstance(text, str):
        raise TypeError("bytes in another encoding")
    return text.encode("latin1")


def _size(lengths: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(lengths)


# What pickles call for plain values.
_PLAIN: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": _dict,
    "collections.defaultdict": _default_dict,
    "builtins.frozenset": _set,
    "__builtin__.frozenset": _set,
    "builtins.set": _set,
    "__builtin__.set": _set,
    "_codecs.encode": _octets,
    "torch.Size": _size,
}
