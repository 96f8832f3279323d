"""The kinds of input that are fuzzed: each writes an input and gives it to the harness as a user would."""

from __future__ import annotations

import io
import pickle
import shutil
import warnings
import zipfile
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import safetensors.torch
import torch

import harness
from fuzz import tables
from fuzz.mutations import damaged
from harness.artifacts import TopK, Truth, Vocabulary
from harness.models import UserItemVectors
from harness.models.checkpoints.checkpoint import load_checkpoint
from harness.models.checkpoints.inspect import inspect_checkpoint
from harness.models.external.state_files import read_state
from harness.models.vectors.vectors_model import VectorsFile
from harness.pipeline import compare_runs, describe_dataset, export, predict, render_again
from harness.pipeline.run_folder.run_files import read_run

USERS = [f"u{number}" for number in range(12)]
EXPERIMENT = """
name: fuzzed
dataset:
  path: {data}
  split: {{kind: leave_last_out}}
model: {{kind: {kind}{fit}}}
runner: {{k: 5}}
evaluation: {{cutoffs: [1, 5]}}
tracking: {{enabled: false}}
report: {{directory: {folder}/reports}}
"""


def _experiment(folder, kind, *overrides, data=None):
    """Return an experiment on a small data set, or on a file."""
    if data is None:
        data = folder / "ordinary.csv"
        if not data.exists():
            rng = np.random.default_rng(0)
            rows = [(user, f"u{item}", time) for user in USERS for time, item in enumerate(rng.permutation(12)[:6])]
            pd.DataFrame(rows, columns=["user", "item", "timestamp"]).to_csv(data, index=False)
    path = folder / f"{kind}.yaml"
    fit = "" if kind == "predictions" else ", fit: {on: train}"
    path.write_text(EXPERIMENT.format(data=data, folder=folder, kind=kind, fit=fit), encoding="utf-8")
    return harness.load_experiment(path, overrides)


class Interactions:
    """Tables of interactions, described with their splits and filters."""

    usual: ClassVar = {"user": "text", "item": "text", "timestamp": "integers", "rating": "floats"}
    splits = ("leave_last_out", "random", "global_time")

    def __init__(self, folder):
        self.folder = folder

    def attempt(self, rng, folder):
        """Write a table, and describe it."""

        def make():
            return tables.table(rng, self.usual, usual=self.usual)

        if rng.random() < 0.1:
            path = tables.folder_of_parts(rng, make, folder / "plays")
        else:
            path = tables.write(rng, make(), folder / f"plays.{tables.SUFFIXES[rng.integers(len(tables.SUFFIXES))]}")
        unit = ("raw", "auto", "s", "ms", "us", "ns")[rng.integers(6)]
        split = self.splits[rng.integers(len(self.splits))]
        overrides = [f"dataset.timestamp_unit={unit}", f"dataset.split={{kind: {split}, test: 0.3}}"]
        if split == "leave_last_out":
            overrides[1] = "dataset.split.kind=leave_last_out"
        if rng.random() < 0.3:
            overrides.append("dataset.filters=[{kind: min_rating, value: 0.2}, {kind: k_core, users: 2, items: 2}]")
        dataset = describe_dataset(_experiment(self.folder, "popularity", *overrides, data=path)).dataset
        assert dataset.raw["interactions"] >= dataset.filtered["interactions"] > 0


class Predictions:
    """Lists made elsewhere: files that are scored, data frames and arrays that are evaluated."""

    usual: ClassVar = {"user": "text", "item": "text", "score": "floats", "rank": "integers"}
    suffixes = ("csv", "tsv", "parquet", "csv.gz", "run")

    def __init__(self, folder):
        self.folder = folder
        self.truth = pd.DataFrame({"user": USERS, "item": USERS[::-1]})

    def attempt(self, rng, folder):
        """Write a file of predictions and take its lists, or evaluate a frame."""
        names = [name for name in self.usual if name != "rank" or rng.random() < 0.3]

        def make():
            return tables.table(rng, names, usual=self.usual)

        choice = rng.random()
        if choice < 0.3:
            options = {"metrics": ["ndcg", "coverage"], "cutoffs": [1, 5], "n_items": 100}
            self._values(harness.evaluate(make().to_pandas(), self.truth, **options))
            return
        if choice < 0.4:
            self._arrays(rng)
            return
        if choice < 0.45:
            path = tables.folder_of_parts(rng, make, folder / "lists")
        else:
            path = folder / f"lists.{self.suffixes[rng.integers(len(self.suffixes))]}"
            if path.suffix == ".run":
                path.write_bytes(damaged(rng, self._trec(rng)))
            else:
                tables.write(rng, make(), path)
        predict(_experiment(self.folder, "predictions", f"model.checkpoint={path}"), quiet=True)

    def _arrays(self, rng):
        items = rng.integers(-1, 14, size=(12, 5)).astype((np.int32, np.int64, np.uint8, np.float64)[rng.integers(4)])
        scores = np.sort(rng.normal(size=(12, 5)))[:, ::-1].copy()
        if rng.random() < 0.3:
            scores.reshape(-1)[rng.integers(60)] = tables.FLOATS[rng.integers(len(tables.FLOATS))]
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            scores = scores.astype((np.float32, np.float64, np.complex64)[rng.integers(3)])
        lists = TopK(items, scores)
        truth = Truth.from_lists([[user] for user in range(12)])
        self._values(harness.evaluate(lists, truth, metrics=["ndcg", "coverage"], cutoffs=[1, 5], n_items=12))

    @staticmethod
    def _values(table):
        assert all(0.0 <= value.value <= 1.0 for value in table.values), table.values

    @staticmethod
    def _trec(rng):
        lines = [
            f"{USERS[rng.integers(12)]} Q0 u{rng.integers(14)} {rank} {rng.random():.2f} tag"
            for rank in range(rng.integers(1, 40))
        ]
        return "\n".join(lines).encode()


class VectorFiles:
    """Vectors of users and items, in each format that they are read from."""

    suffixes = ("npy", "npz", "safetensors", "parquet")

    def __init__(self, folder):
        self.vocabulary = Vocabulary.of(USERS)
        self.ids = folder / "ids.txt"
        self.ids.write_text("\n".join(USERS), encoding="utf-8")

    def attempt(self, rng, folder):
        """Write files of vectors, and make a model of them."""
        suffix = self.suffixes[rng.integers(len(self.suffixes))]
        paths = [self._file(rng, folder / f"{side}.{suffix}") for side in ("users", "items")]
        # A parquet file names its rows itself.
        ids = ["sorted", "sorted"] if suffix == "parquet" else [self._ids(rng, folder) for _ in paths]
        sides = [VectorsFile(path=str(path), ids=each, missing="zero") for path, each in zip(paths, ids, strict=True)]
        model = UserItemVectors(users=sides[0], items=sides[1])
        with torch.inference_mode():
            model.files(None)
            model.load(None, users=self.vocabulary, items=self.vocabulary, device="cpu")

    def _ids(self, rng, folder):
        if rng.random() < 0.7:
            return str(self.ids) if rng.random() < 0.5 else "sorted"
        path = folder / f"ids.{('txt', 'csv', 'json', 'npy')[rng.integers(4)]}"
        contents = {
            ".txt": "\n".join(USERS).encode(),
            ".csv": ("id\n" + "\n".join(USERS)).encode(),
            ".json": str(USERS).replace("'", '"').encode(),
            ".npy": _npy(np.array(USERS)),
        }
        path.write_bytes(damaged(rng, contents[path.suffix]))
        return str(path)

    def _file(self, rng, path):
        values = tables.vectors(rng, 12, 4)
        if path.suffix == ".npy":
            data = _npy(values)
        elif path.suffix == ".npz":
            data = _npz({path.stem: values})
        elif path.suffix == ".safetensors":
            data = safetensors.torch.save({path.stem: torch.randn(12, 4, generator=torch.Generator().manual_seed(0))})
        else:
            rows = tables.table(rng, ["user", "item"], usual={"user": "text", "item": "text"})
            listed = [row.tolist() for row in rng.normal(size=(rows.num_rows, 4))]
            tables.write(rng, rows.append_column("vector", [listed]), path)
            return path
        path.write_bytes(damaged(rng, data, most=2) if rng.random() < 0.5 else data)
        return path


class Checkpoints:
    """Checkpoints of the harness and of others: damaged files, and pickles that would run code."""

    def __init__(self, folder):
        self.canary = folder / "canary"
        experiment = _experiment(folder, "ease", f"model.checkpoint={folder}/ease.safetensors")
        harness.run(experiment, quiet=True)
        self.own = (folder / "ease.safetensors").read_bytes()
        self.tensors = {
            name: np.array(value) for name, value in load_checkpoint(folder / "ease.safetensors").tensors.items()
        }
        weight = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
        state = {"state_dict": {"layer.weight": weight, "layer.bias": torch.zeros(3)}, "epoch": 3}
        self.external = {
            "zip": _saved(state),
            "legacy": _saved(state, _use_new_zipfile_serialization=False),
            "pickle": pickle.dumps({"weights": [1.0, 2.0], "run": _Payload(self.canary)}),
            "payload": _saved({"weight": torch.ones(2), "run": _Payload(self.canary)}),
            "safetensors": safetensors.torch.save(state["state_dict"]),
            "npz": _npz({"weight": np.ones((3, 4), dtype=np.float32)}),
        }

    def attempt(self, rng, folder):
        """Write a damaged checkpoint, and load and inspect it."""
        if rng.random() < 0.4:
            path = folder / "own.safetensors"
            path.write_bytes(damaged(rng, self.own))
            loaded = load_checkpoint(path)
            assert loaded.tensors.keys() == self.tensors.keys()
            assert all(np.array_equal(loaded.tensors[name], value) for name, value in self.tensors.items())
            return
        form = list(self.external)[rng.integers(len(self.external))]
        content = self.external[form]
        path = folder / f"model.{form if form in ('safetensors', 'npz') else ('pt', 'ckpt', 'bin')[rng.integers(3)]}"
        packed = form in ("zip", "payload", "npz") and rng.random() < 0.7
        path.write_bytes(_damaged_member(rng, content) if packed else damaged(rng, content))
        try:
            if rng.random() < 0.5:
                inspect_checkpoint(path)
            else:
                read_state(path, key=None)
        finally:
            assert not self.canary.exists(), "code of the file was run"


class Results:
    """Folders of finished runs in which one file is damaged, replaced or of another run."""

    def __init__(self, folder):
        self.runs = []
        for kind in ("popularity", "random"):
            result = harness.run(_experiment(folder, kind, f"name={kind}"), quiet=True)
            self.runs.append(result.folder)
        self.values = read_run(self.runs[0]).table.summary()

    def attempt(self, rng, folder):
        """Copy a run, change a file, and read, export, compare or render it."""
        copy = folder / "run"
        shutil.copytree(self.runs[0], copy, ignore=shutil.ignore_patterns("*.lock"))
        files = sorted(path for path in copy.rglob("*") if path.is_file())
        # Half of all changes go to the record, which everything else hangs on.
        path = copy / "results.json" if rng.random() < 0.5 else files[rng.integers(len(files))]
        choice = rng.random()
        other = self.runs[1] / path.relative_to(copy)
        if choice < 0.1 and other.exists():
            path.write_bytes(other.read_bytes())
        elif choice < 0.15:
            path.unlink()
        else:
            path.write_bytes(damaged(rng, path.read_bytes()))
        what = rng.random()
        if what < 0.03:
            render_again(copy)
        elif what < 0.06:
            compare_runs([str(copy), str(self.runs[1])])
        elif what < 0.3:
            export(copy, folder / "out")
        else:
            assert read_run(copy).table.summary().equals(self.values)


class _Payload:
    """An object whose pickle runs a command when it is loaded."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return Path.touch, (self.target,)


def _saved(content, **options):
    sink = io.BytesIO()
    torch.save(content, sink, **options)
    return sink.getvalue()


def _npy(array):
    sink = io.BytesIO()
    np.save(sink, array)
    return sink.getvalue()


def _npz(arrays):
    sink = io.BytesIO()
    np.savez(sink, **arrays)
    return sink.getvalue()


def _damaged_member(rng, content):
    """Return a zip whose checksums are right and one of whose members is damaged."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(sink, "w") as made:
        members = archive.infolist()
        chosen = members[rng.integers(len(members))].filename
        for member in members:
            data = archive.read(member)
            made.writestr(member.filename, damaged(rng, data) if member.filename == chosen else data)
    return sink.getvalue()


KINDS = {
    "interactions": Interactions,
    "predictions": Predictions,
    "vectors": VectorFiles,
    "checkpoints": Checkpoints,
    "results": Results,
}
