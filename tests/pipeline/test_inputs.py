"""Every command that runs a model checks what an experiment names before it reads any data."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

import harness
from harness.errors import HarnessError
from harness.pipeline import check_inputs, explain, fit, predict, run

NO_TABLE = ["dataset.path=broken.csv"]  # told as soon as it is read


@pytest.fixture
def stall(inside):
    """Write data that cannot be read, and what a stranger's project may have."""
    Path("broken.csv").write_text("neither,of,the,columns\n1,2,3,4\n")
    for name in ("model.pkl", "plain.pt"):
        Path(name).write_bytes(b"\x80\x04N.")
    Path("counts.json").write_text("{}")
    Path("items.csv").write_text("row,sku\n0,i00\n")
    Path("items.tsv").write_text("row\tsku\n0\ti00\n")
    Path("items.txt").write_text("i00\n")
    np.save("items.npy", np.ones((1, 2), dtype=np.float32))
    if not Path("pipe").exists():
        os.mkfifo("pipe")
    for name, text in {
        "zoo/__init__.py": "",
        "zoo/models.py": "import json\n\n\nclass Markov:\n    pass\n",
        "needy/__init__.py": "import surely_not_installed\n",
        "needy/nets.py": "import json\n\nfrom .layers import Layer\n\n\nclass Net:\n    pass\n",
        "needy/alone.py": "class Net:\n    pass\n",
        "needy/deep/__init__.py": "",
        "needy/deep/nets.py": "from .layers import Layer\n\n\nclass Net:\n    pass\n",
        "needy/deep/layers.py": "class Layer:\n    pass\n",
        "needy/layers.py": "class Layer:\n    pass\n",
        "careful/__init__.py": "try:\n    import surely_not_installed\nexcept ImportError:\n    pass\n",
        "careful/nets.py": "Net = dict(Net=object)['Net']\n\ndef late():\n    import surely_not_installed\n",
        "adds/__init__.py": "import sys\nsys.path.append('somewhere')\nimport surely_not_installed\n",
        "adds/nets.py": "Net = object\n",
        "indirect/__init__.py": "",
        "indirect/nets.py": "from indirect import inner\n\nNet = inner.Net\n",
        "indirect/inner.py": "import json, surely_not_installed\n\nNet = object\n",
    }.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    yield inside
    for name in list(sys.modules):
        assert name.partition(".")[0] not in ("zoo", "needy", "careful", "adds", "indirect")


def experiment(*, settings=(), **model):
    content = {"extends": "protocol.yaml", "name": "stall/wrong", "model": model}
    Path("stall.yaml").write_text(yaml.safe_dump(content))
    return harness.load_experiment("stall.yaml", list(settings))


def torch_model(factory="zoo.models:Markov", **params):
    return {"kind": "torch", "checkpoint": "next_item.pt", "params": {"factory": factory, "python_path": ".", **params}}


def python_model(factory="zoo.models:Markov", checkpoint="counts.json", **params):
    return {"kind": "python", "checkpoint": checkpoint, "params": {"factory": factory, "python_path": ".", **params}}


def vectors(**items):
    return {"kind": "vectors", "params": {"history": "mean", "items": {"path": "items.npy", **items}}}


WRONG = {
    "no checkpoint": (
        {**torch_model(), "checkpoint": "lost.pt"},
        "there is no file lost.pt|lost.pt of the model does not",
    ),
    "a folder": ({**torch_model(), "checkpoint": "zoo"}, "zoo of the model is a folder; name a file in it"),
    "a pipe": ({**torch_model(), "checkpoint": "pipe"}, "pipe is a named pipe, where a regular file is needed"),
    "a pickle": (
        {"kind": "python", "checkpoint": "model.pkl"},
        "model.pkl is a pickle, or may be one.*set model.params.allow_pickle: true",
    ),
    "a pickle for a factory": (python_model(checkpoint="model.pkl"), "model.pkl is a pickle, or may be one"),
    "a pickle in init": (python_model(init={"path": "model.pkl"}), "model.pkl is a pickle, or may be one"),
    "a pickle for a module": (torch_model(init={"path": "model.pkl"}), "model.pkl is a pickle, or may be one"),
    "a pickle for a checkpoint": ({**torch_model(), "checkpoint": "plain.pt"}, "plain.pt is a pickle, or may be one"),
    "joblib:load": (
        python_model("joblib:load", checkpoint="model.pkl"),
        r"'joblib:load' is of joblib, which does not make recommenders.* needs no factory: leave it out",
    ),
    "mlflow's loader": (python_model("mlflow.pyfunc:load_model"), "is of mlflow, which does not make recommenders"),
    "torch:load": (torch_model("torch:load"), "is of torch, which does not make recommenders"),
    "no package": (
        torch_model("kioskk.nets:NextItem"),
        "no package or module 'kioskk' is installed, or in .*'kiosk'",
    ),
    "no module": (torch_model("zoo.model:Markov"), r"there is no module 'zoo.model'. Did you mean 'zoo.models'\?"),
    "no module at all": (python_model("zoo.xyz:Markov"), r"there is no module 'zoo.xyz'. Known: zoo.models\."),
    "a module in a module": (python_model("zoo.models.Markov:of"), "zoo.models is a module, .* zoo.models:Markov if"),
    "no name": (torch_model("zoo.models:Markoff"), r"zoo.models has no 'Markoff'. Did you mean 'Markov'\?"),
    "an import of a package": (
        torch_model("needy.alone:Net"),
        "needy/__init__.py, line 1, imports surely_not_installed, .*, or set model.params.python_path to the folder of",
    ),
    "an import of a package above a package": (
        python_model("needy.deep.nets:Net"),
        r"needy/__init__.py, line 1, imports surely_not_installed, .* to the folder of the module itself",
    ),
    "an import of a package that is needed": (
        torch_model("needy.nets:Net"),
        r"needy/__init__.py, line 1, imports surely_not_installed, which is not installed\. Install it, or set",
    ),
    "an import of a neighbour": (
        torch_model("indirect.nets:Net"),
        "indirect/inner.py, line 1, imports surely_not_installed, which is not installed",
    ),
    "no ids": (torch_model(items={"ids": "lost.txt"}), "lost.txt"),
    "a header without a column": (
        vectors(ids="items.csv"),
        r"items.csv has several columns. Name the one with the ids: column, or ids_column of kind vectors",
    ),
    "another column": (
        vectors(ids="items.tsv", ids_column="ean"),
        "items.tsv has the columns row, sku. There is no 'ean'.",
    ),
    "no column of a module's ids": (torch_model(items={"ids": "items.csv"}), "items.csv has several columns"),
    "no column of an object's ids": (
        python_model(item="index", items={"ids": "items.csv", "column": "no"}),
        "items.csv has the columns row, sku. There is no 'no'.",
    ),
    "a table of codes of another format": (
        torch_model(output={"kind": "codes", "table": "items.csv"}),
        "items.csv: codes are read from .npy",
    ),
    "vectors of another format": (
        vectors() | {"params": {"items": {"path": "items.txt"}}},
        "vectors are read from .npy",
    ),
    "a model of MLflow": (
        {"kind": "mlflow", "checkpoint": "models:/popular/1"},
        "models:/popular/1 of MLflow runs code .* set model.params.allow_pickle: true",
    ),
    "no predictions": ({"kind": "predictions", "checkpoint": "lost.csv"}, "there is no file lost.csv"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_reported_before_data_is_read(what, stall, cli):
    model, message = WRONG[what]
    for start in (check_inputs, run, predict):
        with pytest.raises(HarnessError, match=message) as refused:
            start(experiment(settings=NO_TABLE, **model))
        assert re.match(r"stall.yaml:\d+: ", str(refused.value))
    for command in ("validate", "eval", "predict"):
        code, out, err = cli(command, "stall.yaml", "--set", NO_TABLE[0])
        assert (code, out) == (2, "")
        assert re.search(message, err.rstrip()), err
    assert not Path("reports/stall/wrong").exists()


def test_data_that_cannot_be_read_is_reported_where_nothing_else_is_wrong(stall):
    found = harness.load_experiment("logits.yaml", ["name=stall/broken", *NO_TABLE])
    check_inputs(found)
    with pytest.raises(HarnessError, match=r"broken.csv"):
        run(found)


@pytest.mark.parametrize("factory", ["careful.nets:Net", "careful.nets:late", "adds.nets:Net", "zoo.models:Markov"])
def test_what_may_work_is_not_refused(factory, stall):
    check_inputs(experiment(**torch_model(factory)))
    check_inputs(experiment(**python_model(factory)))


def test_without_python_path_the_message_is_of_the_kind(stall):
    model = torch_model()
    del model["params"]["python_path"]
    with pytest.raises(HarnessError, match=r"set model.params.python_path to the folder that holds it\.$"):
        check_inputs(experiment(**model))
    with pytest.raises(HarnessError, match=r"kind: python; model: \{factory: …\} is short for it"):
        check_inputs(experiment(factory="zoo.models:Markov", checkpoint="counts.json"))


def fitted(**changes):
    model = {"kind": "ease", "checkpoint": "ease.safetensors", "fit": {"on": "train"}, **changes}
    return experiment(settings=NO_TABLE, **model)


def test_checkpoints_of_fitted_kinds(stall):
    check_inputs(fitted())  # made where it is missing
    with pytest.raises(HarnessError, match=r"broken.csv"):
        fit(fitted())
    Path("ease.safetensors").write_bytes(b"no tensors at all")
    for start in (check_inputs, run, predict, fit):
        with pytest.raises(
            HarnessError, match=r"stall.yaml:\d+: the checkpoint ease.safetensors is .*not a safetensors"
        ):
            start(fitted())
    with pytest.raises(HarnessError, match=r"broken.csv"):  # it would be made anew
        fit(fitted(), force=True)
    with pytest.raises(HarnessError, match="the checkpoint zoo is a folder"):
        run(fitted(checkpoint="zoo"))
    with pytest.raises(HarnessError, match="a model of kind 'predictions' is not fitted"):
        fit(experiment(settings=NO_TABLE, kind="predictions", checkpoint="items.csv"))
    Path("ease.safetensors").unlink()


def test_explain_looks_first_too(stall):
    model = {**torch_model("kiosk.nets:NextItem"), "checkpoint": "lost.pt"}
    with pytest.raises(HarnessError, match=r"lost.pt"):
        explain(experiment(settings=NO_TABLE, **model), "u000")


@pytest.mark.parametrize("command", ["eval", "compare", "predict"])
def test_all_are_checked_before_the_first_runs(command, stall, cli):
    experiment(**{**torch_model("kiosk.nets:NextItem"), "checkpoint": "lost.pt"})
    code, out, err = cli(command, "logits.yaml", "stall.yaml", "--force", "--out", "elsewhere")
    assert (code, out) == (2, "")
    assert "lost.pt" in err
    assert not Path("elsewhere").exists()
    both = {"name": "both", "experiments": ["logits.yaml", "stall.yaml"], "baseline": "logits.yaml"}
    Path("both.yaml").write_text(json.dumps(both))
    code, _, err = cli("compare", "both.yaml", "--force", "--out", "elsewhere")
    assert (code, "lost.pt" in err, Path("elsewhere").exists()) == (2, True, False), err


def test_a_file_of_predictions_is_named_by_the_command(stall, cli):
    code, _, err = cli("score", "lost.csv", "--experiment", "logits.yaml", "--set", NO_TABLE[0])
    assert (code, err) == (2, "harness: the predictions lost.csv do not exist. Name their file.\n")
