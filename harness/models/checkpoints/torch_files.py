"""Read files of ``torch.save`` without running code in them, and explain why one is refused."""

# Torch is imported where a file is read: configurations of models do not wait for it.

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LONGEST_TEXT = 200
_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # magic number of torch.save before archives
TENSORS_ALONE = (
    "Save only tensors: safetensors.torch.save_file(model.state_dict(), 'model.safetensors'), "
    "or torch.save(model.state_dict(), 'model.pt')."
)


def is_plain_pickle(path: Path) -> bool:
    """Return whether a file begins like a pickle that ``torch.save`` did not write."""
    with path.open("rb") as stream:
        head = stream.read(len(_LEGACY))
    return head[:1] == b"\x80" and head != _LEGACY


def check_archive(path: Path) -> None:
    """Check the entries of an archive of ``torch.save`` against their checksums, which torch does not read.

    Raises
    ------
    ValueError
        The checksum of an entry does not fit.
    zipfile.BadZipFile, OSError, RuntimeError
        The archive cannot be read.
    """
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
    if damaged is not None:
        raise ValueError(
            f"the checksum of its entry {damaged[:_LONGEST_TEXT]!r} does not fit: it is damaged, or was saved without "
            "checksums (torch.serialization.set_crc32_options)"
        )


def load_torch(path: Path) -> Any:
    """Return the content of a ``torch.save`` file, on the CPU; objects that need code raise an exception."""
    import torch

    if zipfile.is_zipfile(path):
        check_archive(path)
        try:
            return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        except RuntimeError:
            pass  # its entries are compressed and cannot be mapped
    return torch.load(path, map_location="cpu", weights_only=True)


@dataclass(frozen=True)
class Refusal:
    """Why ``load_torch`` refused a file.

    Parameters
    ----------
    reason
        The reason and a safe remedy, as the end of a sentence.
    holds_objects
        Whether the file holds objects besides tensors and plain values.
    runs_code
        Whether reading the file as a pickle would run code from it.
    """

    reason: str
    holds_objects: bool = False
    runs_code: bool = False


def refusal_of(error: Exception) -> Refusal:
    """Return why ``load_torch`` refused a file."""
    refused = re.search(r"(?:GLOBAL|global) ([\w.]+)", str(error))
    if refused:
        return Refusal(
            f"holds more than tensors and plain values: an object made by {refused[1]}, and creating it would run code "
            f"from the file. NumPy arrays and whole models are such objects too. {TENSORS_ALONE}",
            holds_objects=True,
            runs_code=True,
        )
    if "weights_only" in str(error):
        return Refusal(
            "is a TorchScript program, or a pickle that torch.save did not write: reading it would run code from the "
            f"file. {TENSORS_ALONE}",
            runs_code=True,
        )
    first = (str(error).splitlines() or [""])[0][:_LONGEST_TEXT]
    why = f"{type(error).__name__}: {first}" if first else type(error).__name__
    return Refusal(f"is empty, cut short, damaged, or of a kind that torch does not read ({why}). Get it again.")
