"""The page on checkpoints from elsewhere: its snippets run, and what it says that goes wrong is said."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import pathlib
import pickle
import re
import runpy
import shutil
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import safetensors.torch
import torch
import yaml
from conftest import small_table

import harness
from harness.errors import HarnessError
from harness.models.external.project_imports import leave_project

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/own-checkpoint.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "docs/examples"
N_ITEMS = 40

PROTOCOL = """
name: kiosk/protocol
dataset:
  path: interactions.csv
  split: {kind: leave_last_out, validation: false}
runner: {k: 10, device: cpu}
evaluation: {cutoffs: [10], metrics: [recall]}
tracking: {enabled: false}
"""

POPULAR = """
import json

import mlflow
import pandas as pd


class Popular(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        with open(context.artifacts["counts"]) as file:
            self.counts = json.load(file)

    def predict(self, context, model_input, params=None):
        best = sorted(self.counts, key=self.counts.get, reverse=True)
        rows = [(user, item, self.counts[item]) for user in model_input["user"] for item in best]
        return pd.DataFrame(rows, columns=["user", "item", "score"])


mlflow.models.set_model(Popular())
"""


def blocks():
    """Return the page's blocks of YAML, by the line that each begins in."""
    found = {}
    for match in re.finditer(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        found[f"line {PAGE[: match.start()].count(chr(10)) + 1}"] = match[1]
    return found


def rows(heading):
    """Return the rows of the table below a heading, its cells without white space around them."""
    part = PAGE[PAGE.index(heading) :].split("\n|---")[1]
    lines = part.splitlines()[1:]
    ends = next((place for place, line in enumerate(lines) if not line.startswith("|")), len(lines))
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[:ends]]


SHORTEST = {cells[0]: f"model: {cells[-1].strip(' |`')}" for cells in rows("# Evaluate your own checkpoint")}
SNIPPETS = SHORTEST | blocks()
WORDS = {cells[0]: cells[-1].strip(" |`") for cells in rows("## What goes wrong")}


def interactions():
    """Return small data in an order that no tie hides, so that a model of what follows what has something to say."""
    table = small_table(n_items=N_ITEMS)
    return table.assign(timestamp=table.groupby("user").cumcount())


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Make the files that the page names, from small data."""
    folder = tmp_path_factory.mktemp("page")
    shutil.copytree(ROOT / "tests/external_project/kiosk", folder / "src/kiosk")
    (folder / "examples").symlink_to(EXAMPLES, target_is_directory=True)
    (folder / "protocol.yaml").write_text(PROTOCOL)
    table = interactions()
    table.to_csv(folder / "interactions.csv", index=False)
    runpy.run_path(str(ROOT / "tests/external_project/make.py"))["main"](folder / "interactions.csv", folder)
    write_ids(folder, table)
    write_vectors(folder, table)
    table.to_parquet(folder / "train.parquet")
    table["item"].value_counts().rename_axis("item").to_json(folder / "counts.json")
    table.groupby("user").tail(1)[["user", "item"]].assign(score=1.0).to_parquet(folder / "lists.parquet")
    (folder / "popular.py").write_text(POPULAR)
    state = torch.load(folder / "next_item.pt")["state_dict"]
    torch.save({"state_dict": state, "hyper_parameters": argparse.Namespace(dim=40)}, folder / "lightning.ckpt")
    return folder


def items_of(table):
    return sorted(table["item"].unique())


def write_ids(folder, table):
    items = items_of(table)
    (folder / "users.txt").write_text("\n".join(sorted(table["user"].unique())) + "\n")
    (folder / "items.json").write_text(json.dumps({item: place for place, item in enumerate(items)}))
    pd.DataFrame({"row": range(len(items)), "sku": items}).to_csv(folder / "items.csv", index=False)
    (folder / "fewer.txt").write_text("\n".join("unknown" if item == "i07" else item for item in items) + "\n")
    (folder / "ends.txt").write_text("\n".join(items) + "\n\n\n")
    (folder / "skus.txt").write_text("\n".join(f"sku{place}" for place in range(len(items))) + "\n")


def write_vectors(folder, table):
    """Write the factors of the matrix of who took what, under the names of the page."""
    taken = pd.crosstab(table["user"], table["item"]).to_numpy(dtype=np.float32)
    left, values, right = np.linalg.svd(taken, full_matrices=False)
    of_users, of_items = (left[:, :8] * values[:8]).copy(), right[:8].T.copy()
    np.savez(folder / "factors.npz", users=of_users, items=of_items)
    np.savez(folder / "padded.npz", users=of_users, items=np.vstack([np.zeros(8), of_items]))
    np.save(folder / "items.npy", of_items)
    np.save(folder / "item_vectors.npy", of_items)
    names = {
        "user_embedding.weight": of_users,
        "item_embedding.weight": of_items,
        "item_bias.weight": taken.mean(axis=0),
    }
    tensors = {name: torch.tensor(array) for name, array in names.items()}
    safetensors.torch.save_file(tensors, folder / "mf.safetensors")
    for name, own, column, of_rows in (
        ("user_vectors", {"uid": sorted(table["user"].unique())}, "vector", of_users),
        ("item_vectors", {"sku": items_of(table)}, "embedding", of_items),
    ):
        pd.DataFrame({**own, column: list(of_rows)}).to_parquet(folder / f"{name}.parquet")


@pytest.fixture
def inside(project, monkeypatch):
    """Work in the folder of the page, whose packages are installed."""
    leave_project()  # what earlier tests put on sys.path
    monkeypatch.chdir(project)
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.syspath_prepend(str(project / "src"))
    yield project
    leave_project()
    # An installed package stays in memory; the `kiosk` of other tests is another one.
    for name in [name for name in sys.modules if name.partition(".")[0] == "kiosk"]:
        del sys.modules[name]


def loaded(snippet, settings=()):
    """Return a snippet's experiment, run by the protocol unless it says otherwise."""
    content = {"extends": "protocol.yaml", "name": "kiosk/page", **yaml.safe_load(snippet)}
    Path("page.yaml").write_text(yaml.safe_dump(content))
    return harness.load_experiment("page.yaml", list(settings))


def kind_of(snippet):
    model = yaml.safe_load(snippet)["model"]
    return "python" if "factory" in model else model["kind"]


def make_what_libraries_make(snippet):
    """Make a checkpoint that another library writes, or skip where it is not there."""
    for library in ("implicit", "lenskit", "rectools"):
        if library in snippet and importlib.util.find_spec(library) is None:
            pytest.skip(f"{library} is not installed")
    if "als.npz" in snippet:
        importlib.import_module("implicit_als").train(pd.read_parquet("train.parquet"), "als.npz", factors=8)
    elif "kind: mlflow" in snippet and not Path("popular").exists():
        import mlflow

        mlflow.pyfunc.save_model(
            path="popular",
            python_model="popular.py",
            artifacts={"counts": "counts.json"},
            pip_requirements=["pandas"],
        )
    elif "model.pkl" in snippet:
        Path("model.pkl").write_bytes(pickle.dumps(importlib.import_module("shop").Popular("counts.json")))


def test_code_on_the_page_stands_in_the_examples():
    (shown,) = re.findall(r"^```python\n(class .*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert shown in (EXAMPLES / "wrapped.py").read_text(encoding="utf-8")


def pythons():
    return [textwrap.dedent(code) for code in re.findall(r"^ *```python\n(.*?)^ *```$", PAGE, re.MULTILINE | re.DOTALL)]


def test_the_state_dict_alone_is_as_good(inside):
    (code,) = [code for code in pythons() if "weights_only=False" in code]
    exec(code, {"torch": torch})  # noqa: S102
    snippet = next(one for one in blocks().values() if "objects: skip" in one)
    skipped = harness.run(loaded(snippet), quiet=True)
    plain = snippet.replace("lightning.ckpt", "model.pt").replace("key: state_dict, objects: skip", "")
    alone = harness.run(loaded(plain, ["name=kiosk/alone"]), quiet=True)
    assert skipped.results["metrics"] == alone.results["metrics"]


def test_lists_of_another_environment(inside, cli):
    (code,) = [code for code in pythons() if "mine.parquet" in code]
    commands = re.findall(r"Here: `harness ([^`]*)`", PAGE)
    experiment = {**yaml.safe_load(PROTOCOL), "model": yaml.safe_load(SHORTEST["vectors of users and items"])["model"]}
    Path("protocol.yaml").write_text(yaml.safe_dump(experiment))
    try:
        assert cli(*commands[0].split())[0] == 0
        exec(code, {"pandas": pd, "pathlib": pathlib})  # noqa: S102
        assert cli(*commands[1].split())[0] == 0
    finally:
        Path("protocol.yaml").write_text(PROTOCOL)
    results = json.loads(Path("reports/kiosk/mine/results.json").read_text())
    assert results["metrics"][0]["value"] > 0
    found = {audit["name"]: audit["count"] for audit in results["audits"]}
    assert found["seen_items"] == found["missing_users"] == found["short_lists"] == 0


def test_the_page_has_each_way():
    kinds = [kind_of(snippet) for snippet in SNIPPETS.values()]
    assert set(kinds) == {"torch", "vectors", "python", "mlflow", "predictions"}
    outputs = {
        output for snippet in SNIPPETS.values() for output in re.findall(r"kind: (logits|vectors|items|codes)", snippet)
    }
    assert outputs == {"logits", "vectors", "items", "codes"}


@pytest.mark.filterwarnings("ignore:OpenBLAS is configured:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:Method expects CSR input")
@pytest.mark.parametrize(
    "name",
    [
        # What MLflow warns of is its own.
        pytest.param(name, marks=[pytest.mark.filterwarnings("ignore")] if kind_of(snippet) == "mlflow" else [])
        for name, snippet in SNIPPETS.items()
    ],
)
def test_a_snippet_runs(name, inside, monkeypatch):
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    snippet = SNIPPETS[name]
    experiment = loaded(snippet)
    make_what_libraries_make(snippet)
    result = harness.run(experiment, quiet=True)
    (recall,) = (row["value"] for row in result.results["metrics"])
    # What was trained on the held-out items too finds most of them; popularity finds little more than chance, a third.
    is_popularity = any(word in snippet for word in ("shop:Popular", "popular", "model.pkl"))
    assert recall > (0.4 if is_popularity else 0.7)
    found = {audit["name"]: audit["severity"] for audit in result.results["audits"]}
    assert found.get("ignores_history", "info") == found.get("items_off_by_one", "info") == "info"


# --- what goes wrong ------------------------------------------------------------------------------

LOGITS, TOWERS = (next(one for one in blocks().values() if name in one) for name in ("NextItem", "TwoTowers"))


def params(**changes):
    return [f"model.params.{key.replace('__', '.')}={json.dumps(value)}" for key, value in changes.items()]


OF_MEAN = {"method": "of_mean", "mask": "attention_mask", "length": 8}
SHELF = "model: {kind: python, params: {factory: 'shelf:Shelf', python_path: src}}"
WRONG = {
    "a checkpoint of another architecture": (TOWERS, ["model.checkpoint=next_item.pt"]),
    "a wrong vocabulary size": (LOGITS, params(init__n_items=39)),
    "ids off by one": (LOGITS, params(call__offset=0, call__pad_id=40, output__trailing=1)),
    "a padding column that is not declared": (LOGITS, params(output__first=0)),
    "a padding row that is not declared": (SHORTEST["vectors of users and items"], ["model.checkpoint=padded.npz"]),
    "empty rows at the end of a file of ids": (LOGITS, params(items__ids="ends.txt")),
    "half precision that overflows": (LOGITS, ["model.checkpoint=large.pt", *params(dtype="float16")]),
    "histories longer than the model's maximum": (LOGITS, params(call__length=None)),
    "histories that are padded differently than in training": (TOWERS, params(call__padding="left")),
    "users without history": (
        LOGITS,
        [
            "dataset.split={kind: global_time, test: 0.3}",
            "dataset.path=late.csv",
            *params(call=OF_MEAN, output__positions="last"),
        ],
    ),
    "an unknown factory": (LOGITS, params(factory="kiosk.nets:NextItm")),
    "an unknown module": (LOGITS, params(factory="kiosk.net:NextItem")),
    "a package that imports what is not installed": (LOGITS, params(factory="needy.nets:Net")),
    "padding that is counted twice": (LOGITS, params(items__ids="padded.txt")),
    "an argument that a method needs": (
        "model: {kind: python, params: {factory: 'shelf:Shelf', python_path: src}}",
        [],
    ),
    "an unknown package": (LOGITS, params(factory="kioskk.nets:NextItem")),
    "items that the model does not know": (LOGITS, params(items__ids="fewer.txt")),
    "ids of another data set": (LOGITS, params(items__ids="skus.txt")),
    "a whole module in the file": (LOGITS, ["model.checkpoint=module.pt"]),
    "a pickle": (SHORTEST["a pickled object"], params(allow_pickle=False)),
}


@pytest.fixture
def spoilt(inside):
    """Make the files that nothing good comes of."""
    state = torch.load("next_item.pt")["state_dict"]
    torch.save({name: tensor * 1e4 for name, tensor in state.items()}, "large.pt")
    torch.save(importlib.import_module("kiosk.nets").NextItem(N_ITEMS, N_ITEMS), "module.pt")
    table = interactions()
    table["timestamp"] += 100 * (table["user"].str[1:].astype(int) % 4)
    table.to_csv("late.csv", index=False)
    Path("model.pkl").touch()
    Path("padded.txt").write_text("\n".join(["", *items_of(interactions())]) + "\n")
    Path("src/needy").mkdir(exist_ok=True)
    Path("src/needy/__init__.py").write_text("import surely_not_installed\n")
    Path("src/needy/nets.py").write_text("class Net:\n    pass\n")
    Path("src/shelf.py").write_text(
        "class Shelf:\n    def recommend(self, users, k, history):\n        return history\n"
    )
    return inside


def test_each_row_is_tried():
    assert sorted(WORDS) == sorted(WRONG)


@pytest.mark.parametrize("what", WRONG)
def test_what_goes_wrong_is_reported_as_on_the_page(what, spoilt):
    snippet, settings = WRONG[what]
    said = ".*".join(re.escape(part.strip()) for part in WORDS[what].split("…"))
    with pytest.raises(HarnessError, match=said):
        harness.run(loaded(snippet, ["name=kiosk/wrong", *settings]), quiet=True)
