"""Tables of odd columns, written in each format that tables are read from."""

from __future__ import annotations

import datetime
import decimal
import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fuzz.mutations import damaged, maybe_packed

SUFFIXES = ("csv", "tsv", "jsonl", "parquet", "csv.gz", "jsonl.gz", "inter", "dat")
WORDS = ("u1", "u2", "007", "7", "", " ", "nan", "é", "a,b", 'a"b', "a\nb", "=1+1", "\u2028", "x" * 500, "1e3", "-5")
NUMBERS = (0, 1, -1, 7, 2**31, 2**53 + 1, 10**17, 10**18 + 1, 2**63 - 1, -(2**63))
FLOATS = (0.5, -0.0, 1e308, -1e308, 1e-320, float("nan"), float("inf"), float("-inf"), 16777217.0, 3.5e38)


def column(rng, rows, kind):
    """Return an Arrow column of a kind, whose values are mostly ordinary and now and then odd."""
    return COLUMNS[kind](rng, rows)


def _pick(rng, ordinary, odd, rows):
    share = (0.0, 0.0, 0.02, 0.5)[rng.integers(4)]
    return [odd[rng.integers(len(odd))] if rng.random() < share else ordinary() for _ in range(rows)]


def _integers(rng, rows):
    return pa.array(_pick(rng, lambda: int(rng.integers(12)), NUMBERS, rows), pa.int64())


def _text(rng, rows):
    return pa.array(_pick(rng, lambda: f"u{rng.integers(12)}", WORDS, rows), pa.string())


def _floats(rng, rows):
    return pa.array(_pick(rng, rng.random, FLOATS, rows), pa.float64())


def _with_gaps(rng, rows):
    values = [None if rng.random() < 0.1 else f"u{rng.integers(12)}" for _ in range(rows)]
    return pa.array(values, pa.string())


def _moments(rng, rows):
    unit = ("s", "ms", "us", "ns")[rng.integers(4)]
    # Parquet keeps seconds as milliseconds.
    most = 2**52 if unit == "s" else 2**62
    values = rng.integers(-most, most, rows) if rng.random() < 0.3 else rng.integers(0, 10**9, rows)
    return pa.array(values).cast(pa.timestamp(unit, tz=(None, "UTC", "Asia/Tokyo")[rng.integers(3)]))


def _dates(rng, rows):
    days = [datetime.date(1, 1, 1) + datetime.timedelta(int(day)) for day in rng.integers(3_652_058, size=rows)]
    return pa.array(days, pa.date32())


def _decimals(rng, rows):
    return pa.array([decimal.Decimal(int(value)) / 4 for value in rng.integers(40, size=rows)], pa.decimal128(12, 2))


def _odd_types(rng, rows):
    small = pa.array(rng.integers(9, size=rows))
    words = pa.array([f"u{value}" for value in rng.integers(9, size=rows)])
    makers = (
        lambda: small.cast(pa.uint8()),
        lambda: small.cast(pa.float16()),
        lambda: small.cast(pa.float32()),
        lambda: words.cast(pa.large_string()),
        lambda: words.cast(pa.string_view()),
        lambda: words.cast(pa.binary()),
        words.dictionary_encode,
        lambda: pa.array(rng.integers(2, size=rows).astype(bool)),
        lambda: pa.array([[int(value)] for value in rng.integers(9, size=rows)]),
        lambda: pa.array([{"a": int(value)} for value in rng.integers(9, size=rows)]),
        lambda: pa.nulls(rows),
        lambda: small.cast(pa.duration("s")),
        lambda: pa.array([bytes([value]) * 16 for value in rng.integers(9, size=rows)], pa.binary(16)),
    )
    return makers[rng.integers(len(makers))]()


COLUMNS = {
    "integers": _integers,
    "text": _text,
    "floats": _floats,
    "gaps": _with_gaps,
    "moments": _moments,
    "dates": _dates,
    "decimals": _decimals,
    "odd": _odd_types,
}


def table(rng, names, *, usual):
    """Return a table with most of some columns; ``usual`` is the kind that each has in most tables."""
    rows = int(rng.integers(1, 60))
    columns = {}
    for name in names:
        if rng.random() < 0.03:
            continue
        kind = usual[name] if rng.random() < 0.85 else list(COLUMNS)[rng.integers(len(COLUMNS))]
        columns[name] = column(rng, rows, kind)
    if not columns:
        columns["user"] = column(rng, rows, "text")
    return pa.table(columns)


def write(rng, content, path):
    """Write a table as the end of a name says, and damage the file now and then."""
    name = path.name.removesuffix(".gz")
    data = _bytes(rng, content, name.rpartition(".")[2])
    if rng.random() < 0.4:
        data = damaged(rng, data, most=2)
    path.write_bytes(maybe_packed(rng, data) if path.name.endswith(".gz") else data)
    return path


def _bytes(rng, content, suffix):
    if suffix == "parquet":
        sink = io.BytesIO()
        pq.write_table(content, sink, row_group_size=int(rng.integers(1, 80)))
        return sink.getvalue()
    rows = pa.table([_printable(each) for each in content.columns], content.column_names).to_pylist()
    if suffix == "jsonl":
        return "\n".join(json.dumps(row, default=str) for row in rows).encode()
    delimiter = {"csv": (*[","] * 9, ";")[rng.integers(10)], "dat": "::"}.get(suffix, "\t")
    header = [f"{name}:token" for name in content.column_names] if suffix == "inter" else content.column_names
    lines = [] if suffix == "dat" or rng.random() < 0.03 else [delimiter.join(header)]
    lines += [delimiter.join("" if value is None else _cell(value) for value in row.values()) for row in rows]
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")


def _printable(each):
    """Return moments as text, or as numbers where they lie beyond the calendar; other columns as they are."""
    if not pa.types.is_timestamp(each.type):
        return each
    try:
        return each.cast(pa.string())
    except pa.ArrowInvalid:
        return each.cast(pa.int64())


def _cell(value):
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\n') else text


def folder_of_parts(rng, make, folder):
    """Write a folder of parquet parts, each a table of its own, and return it."""
    folder.mkdir()
    for number in range(rng.integers(1, 4)):
        pq.write_table(make(), folder / f"part-{number}.parquet")
    return folder


def vectors(rng, rows, dimension):
    """Return an array of vectors: mostly of the shape that is asked for, of any type of number."""
    shape = [(rows, dimension), (rows,), (rows + 1, dimension), (rows, 0), (0, dimension), (rows, dimension, 2)]
    chosen = shape[0] if rng.random() < 0.7 else shape[rng.integers(len(shape))]
    kinds = ("f4", "f8", "f2", "i4", "i8", "u1", ">f4", "c8", "?", "U3", "S3", "M8[s]")
    values = rng.normal(size=chosen)
    if rng.random() < 0.2 and values.size:
        values.reshape(-1)[rng.integers(values.size)] = FLOATS[rng.integers(len(FLOATS))]
    kind = kinds[0] if rng.random() < 0.5 else kinds[rng.integers(len(kinds))]
    with np.errstate(all="ignore"):
        return values.astype("i8").astype(kind) if kind == "M8[s]" else values.astype(kind)
