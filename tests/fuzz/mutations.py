"""Damage to bytes: flipped, cut, repeated, moved, and replaced by values that trip parsers."""

from __future__ import annotations

import gzip

TOKENS = (
    *(b"nan inf -inf 1e400 -0 007 +7 1_000 0x10 9223372036854775807 9223372036854775808 99999999999999999999".split()),
    *(b'null true {} [] [[[[[[[[ {"a": "\\ud800" " "" , ; \t | :: : # = + @ % Q0 user item score rank'.split(b" ")),
    *(
        b"2024-05-31 9999-12-31T23:59:59.999999999Z 0000-00-00 1e-400 1,5 \xef\xbb\xbf \xff\xfe \xe9 \0 \x1f".split(
            b" "
        )
    ),
    b"\n",
    b"\r\n",
    b"\r",
    b"\n\n",
    b" " * 50,
    b"a" * 3_000,
    "\u2028\u00a0\u202e\U0001f600".encode(),
    b"\xff" * 8,
    b"\0" * 64,
)


def damaged(rng, content, *, most=4):
    """Return bytes after one change to four; the generator decides which."""
    for _ in range(rng.integers(1, most + 1)):
        content = CHANGES[rng.integers(len(CHANGES))](rng, content)
    return content


def maybe_packed(rng, content):
    """Return gzip's bytes of a file: now and then damaged, cut short, or of two members."""
    packed = gzip.compress(content, compresslevel=1)
    choice = rng.integers(6)
    if choice == 0:
        return damaged(rng, packed)
    return packed + gzip.compress(b"7,8,9\n") if choice == 1 else packed


def _flip(rng, content):
    if not content:
        return content
    changed = bytearray(content)
    for place in rng.integers(len(changed), size=rng.integers(1, 5)):
        changed[place] ^= 1 << rng.integers(8)
    return bytes(changed)


def _overwrite(rng, content):
    start, token = _place(rng, content), _token(rng)
    return content[:start] + token + content[start + len(token) :]


def _insert(rng, content):
    start = _place(rng, content)
    return content[:start] + _token(rng) + content[start:]


def _remove(rng, content):
    start = _place(rng, content)
    return content[:start] + content[start + int(rng.integers(1, 40)) :]


def _repeat(rng, content):
    start = _place(rng, content)
    return content[:start] + content[start : start + int(rng.integers(1, 200))] * 2 + content[start:]


def _cut(rng, content):
    return content[: _place(rng, content)]


def _zero(rng, content):
    start, length = _place(rng, content), int(rng.integers(1, 200))
    return content[:start] + b"\0" * len(content[start : start + length]) + content[start + length :]


def _place(rng, content):
    # Headers stand at both ends of the formats: damage falls there as often as anywhere else.
    choice = rng.integers(3)
    size = len(content) + 1
    if choice == 0:
        return int(rng.integers(min(size, 200)))
    return int(size - 1 - rng.integers(min(size, 200))) if choice == 1 else int(rng.integers(size))


def _token(rng):
    return TOKENS[rng.integers(len(TOKENS))]


CHANGES = (_flip, _flip, _overwrite, _insert, _remove, _repeat, _cut, _zero)
