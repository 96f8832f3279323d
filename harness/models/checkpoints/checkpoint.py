"""Read and write checkpoints: tensors with a header that names their model and their training data.

The format is safetensors, which holds only numbers and text, and runs no code when it is read.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import safetensors
import safetensors.numpy
from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from harness import __version__
from harness.artifacts import Tensors
from harness.errors import CheckpointError
from harness.models.run_messages import warn_once
from harness.storage import atomic_write

_KEY = "harness"  # key of the header in the metadata of the file
_REMEDY = "Delete it, or name another file in model.checkpoint, or fit again with `harness fit --force`."


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class CheckpointHeader:
    """Header of a checkpoint: its model, its training data and its format.

    Parameters
    ----------
    kind
        The registered kind of the model.
    params
        All parameters of the model, as plain values.
    fit_on
        ``train`` or ``train_validation``.
    split_digest, items_digest
        Digests of the split and of the item vocabulary that the model was fitted on.
    vectors_digest
        Digest of the item vectors that the model was fitted on; empty if it reads none.
    judged_by
        Digest of the candidates of the lists that decided when to stop; empty without early stopping.
    code
        SHA-256 of the model's source when it was fitted.
    digest
        SHA-256 of the tensors, as ``tensors_digest`` returns it; empty in files of earlier versions.
    version
        Version of the harness that wrote the checkpoint.
    format
        Version of this header.
    """

    kind: str
    params: dict[str, Any]
    fit_on: str
    split_digest: str
    items_digest: str
    vectors_digest: str = ""
    judged_by: str = ""
    code: str = ""
    digest: str = ""
    version: str = __version__
    format: Literal[1] = 1


@dataclass(frozen=True, eq=False, config={"arbitrary_types_allowed": True})
class Checkpoint:
    """A checkpoint in memory.

    Parameters
    ----------
    tensors
        Arrays by name.
    header
        The header.
    """

    tensors: Mapping[str, Any]
    header: CheckpointHeader


_HEADER = TypeAdapter(CheckpointHeader)


def save_checkpoint(path: Path, tensors: Tensors, header: Mapping[str, Any]) -> None:
    """Write a checkpoint atomically. The same content gives the same bytes.

    Parameters
    ----------
    path
        The file; missing folders are created.
    tensors
        The result of the model's ``fit``.
    header
        The fields of ``CheckpointHeader``; ``digest`` is set here.

    Raises
    ------
    pydantic.ValidationError
        A field of the header is missing, unknown or of another type.
    HarnessError
        The file cannot be written.
    """
    # The library silently writes wrong numbers of arrays with strides.
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    fields = CheckpointHeader(**{**header, "digest": tensors_digest(contiguous)})
    text = json.dumps(_HEADER.dump_python(fields), sort_keys=True, allow_nan=False)
    with atomic_write(path) as temporary, _system_errors():
        safetensors.numpy.save_file(contiguous, temporary, metadata={_KEY: text})


def tensors_digest(tensors: Mapping[str, Any]) -> str:
    """Return the SHA-256 of names, types, shapes and bytes of arrays, as hex; their order does not matter.

    Parameters
    ----------
    tensors
        Arrays, or tensors of torch on the CPU, by name.

    Examples
    --------
    >>> one = tensors_digest({"a": np.zeros(2), "b": np.ones(3)})
    >>> one == tensors_digest({"b": np.ones(3), "a": np.zeros(2)})
    True
    >>> one == tensors_digest({"a": np.zeros(2), "b": np.ones((3, 1))})
    False
    """
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = np.asarray(tensors[name])
        digest.update(json.dumps([name, array.dtype.name, array.shape]).encode())
        # Little-endian, as in the file.
        values = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        digest.update(values.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


@contextlib.contextmanager
def _system_errors() -> Iterator[None]:
    """Raise system errors, such as a full disk, as ``OSError``; the library hides them in a text."""
    try:
        yield
    except safetensors.SafetensorError as error:
        number = re.search(r"os error (\d+)", str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1]))) from error


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint, and check its tensors against their digest. No code in the file is run.

    A checkpoint of an earlier version, which has no digest, is read with a warning.

    Raises
    ------
    CheckpointError
        The file is missing, damaged, of another format, or has no header of this project.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise CheckpointError(f"the checkpoint {path} {what}. Make it with `harness fit`, or correct model.checkpoint.")
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except OSError as error:
        raise CheckpointError(f"cannot read the checkpoint {path}: {error.strerror or error}.") from error
    except (safetensors.SafetensorError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(
            f"the checkpoint {path} is cut short, damaged, or not a safetensors file ({error}). "
            f"Pickled files (.pt, .pth, .pkl) are never loaded, since they can run code. {_REMEDY}"
        ) from error
    header = _header(path, metadata)
    if not header.digest:
        warn_once(
            f"the checkpoint {path} was written by an earlier version, without a digest of its tensors: damage would "
            "go unnoticed. `harness fit --force` writes it again"
        )
    check_digest(path, {_KEY: {"digest": header.digest}}, tensors)
    return Checkpoint(tensors, header)


def check_digest(path: Path, metadata: Mapping[str, Any], tensors: Mapping[str, Any]) -> None:
    """Check the tensors of a file against the digest in its metadata, if there is one.

    Parameters
    ----------
    path
        The file, for the message.
    metadata
        Metadata of the file, with its texts parsed as JSON.
    tensors
        Arrays, or tensors of torch on the CPU, by name.

    Raises
    ------
    CheckpointError
        The tensors differ from those that were written.
    """
    header = metadata.get(_KEY)
    digest = header.get("digest") if isinstance(header, Mapping) else None
    if digest and digest != tensors_digest(tensors):
        raise CheckpointError(
            f"the checkpoint {path} is damaged: the SHA-256 of its tensors is not the one that was written. {_REMEDY}"
        )


def _header(path: Path, metadata: Mapping[str, str]) -> CheckpointHeader:
    if _KEY not in metadata:
        raise CheckpointError(
            f"the checkpoint {path} was not made by harness: its metadata has no '{_KEY}', so it does not say "
            f"what it was fitted to. {_REMEDY}"
        )
    try:
        return _HEADER.validate_json(metadata[_KEY])
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "header"
        raise CheckpointError(
            f"the header of the checkpoint {path} is damaged, or another version of harness wrote it "
            f"({place}: {first['msg']}). {_REMEDY}"
        ) from error


def check_checkpoint(
    header: CheckpointHeader,
    *,
    kind: str,
    params: Mapping[str, Any],
    fit_on: str,
    split_digest: str,
    items_digest: str,
    path: Path,
    vectors_digest: str = "",
) -> None:
    """Check that a checkpoint belongs to this model, fitted to this split.

    Parameters
    ----------
    header
        Header of the checkpoint.
    kind, params, fit_on
        Kind, parameters (as plain values) and training part of the experiment's model.
    split_digest, items_digest, vectors_digest
        Digests of the experiment's split, catalogue and item vectors.
    path
        File of the checkpoint, for messages.

    Raises
    ------
    CheckpointError
        The checkpoint differs; the message names the difference.
    """
    difference = (
        _differs("is of model kind", header.kind, kind)
        or _params_differ(header.params, params)
        or _differs("was fitted on", header.fit_on, fit_on)
        or _digests_differ("another catalogue of items", header.items_digest, items_digest)
        or _digests_differ("other vectors of items", header.vectors_digest, vectors_digest)
        or _digests_differ(
            "another split (other data, filters, split options or seed)", header.split_digest, split_digest
        )
    )
    if difference:
        raise CheckpointError(f"the checkpoint {path} {difference}. {_REMEDY}")


def _differs(what: str, got: str, wanted: str) -> str:
    return "" if got == wanted else f"{what} '{got}'; the experiment asks for '{wanted}'"


def _digests_differ(what: str, got: str, wanted: str) -> str:
    return "" if got == wanted else f"was fitted on {what}: {got[:12]}…, the experiment has {wanted[:12]}…"


def _params_differ(got: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    names = [name for name in sorted({*got, *wanted}) if got.get(name, _ABSENT) != wanted.get(name, _ABSENT)]
    if not names:
        return ""
    pairs = "; ".join(f"{name} is {got.get(name, _ABSENT)}, not {wanted.get(name, _ABSENT)}" for name in names)
    return f"was fitted with other parameters than the experiment's: {pairs}"


_ABSENT = "absent"
