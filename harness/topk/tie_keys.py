"""Hash pairs of user and item in torch, with the same bits as ``artifacts.pair_keys`` on any device.

torch has no arithmetic on unsigned 64-bit integers, so that their bits are stored as int64. Sums and products wrap
around in the same way, and a logical shift is an arithmetic shift with the sign bits cleared.
"""

from __future__ import annotations

import numpy as np
import torch

from harness.artifacts.array_types import UInt64Array

SIGN_BIT = -(1 << 63)


def signed_keys(keys: UInt64Array, device: torch.device | str = "cpu") -> torch.Tensor:
    """Return the bits of uint64 keys as int64 on a device.

    Examples
    --------
    >>> signed_keys(np.array([1, 2**64 - 1], dtype=np.uint64))
    tensor([ 1, -1])
    """
    return torch.from_numpy(keys.view(np.int64).copy()).to(device)


def pair_bits(seed: int, user_keys: torch.Tensor, item_keys: torch.Tensor) -> torch.Tensor:
    """Return the bits of ``artifacts.pair_keys`` for pairs of keys that broadcast.

    Parameters
    ----------
    seed
        As in ``pair_keys``.
    user_keys, item_keys
        int64: the bits of ``Vocabulary.keys``, on one device.

    Returns
    -------
    int64 of the broadcast shape. Compare ``bits ^ SIGN_BIT`` to compare the unsigned numbers.

    Examples
    --------
    >>> from harness.artifacts import pair_keys
    >>> users, items = np.array([7], dtype=np.uint64), np.array([1, 2], dtype=np.uint64)
    >>> bits = pair_bits(3, signed_keys(users), signed_keys(items))
    >>> bits.numpy().view(np.uint64) == pair_keys(3, users, items)
    array([ True,  True])
    """
    start = int(_mix(torch.tensor(_signed(seed % (1 << 64)))))
    return _mix(_mix(user_keys ^ start) ^ item_keys)


def _signed(bits: int) -> int:
    return bits - (1 << 64) if bits >= 1 << 63 else bits


_GOLDEN = _signed(0x9E3779B97F4A7C15)
_ROUNDS = ((30, _signed(0xBF58476D1CE4E5B9)), (27, _signed(0x94D049BB133111EB)))
_LAST_SHIFT = 31


def _mix(values: torch.Tensor) -> torch.Tensor:
    # In place on a copy: for whole blocks of pairs the temporaries cost more than the arithmetic.
    mixed = values + _GOLDEN
    for shift, factor in _ROUNDS:
        mixed ^= _shifted(mixed, shift)
        mixed *= factor
    mixed ^= _shifted(mixed, _LAST_SHIFT)
    return mixed


def _shifted(values: torch.Tensor, places: int) -> torch.Tensor:
    shifted = values >> places
    shifted &= (1 << (64 - places)) - 1
    return shifted
