"""The command line as a user meets it: output, exit codes, one message for each mistake."""

from __future__ import annotations

import errno
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch

from harness.storage import lock


def test_help_lists_every_command(cli):
    code, out, _ = cli("--help")
    assert code == 0
    for command in ("eval", "compare", "fit", "report", "validate", "metrics", "inspect", "data", "sync", "ui"):
        assert command in out


def test_help_imports_nothing_heavy():
    program = (
        "import sys; sys.argv = ['harness', '--help']\n"
        "from harness.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'mlflow', 'pandas', 'numpy', 'numba', 'pydantic', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr


def completions(words, index):
    """Return what a shell offers to complete a word of a command."""
    program = "from harness.cli import main; main()"
    more = {"_HARNESS_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(index)}
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, env={**os.environ, **more}
    )
    return finished.stdout.split()


def test_a_shell_completes_commands_flags_and_names():
    assert completions("harness me", 1) == ["metrics"]
    assert completions("harness metrics nd", 2) == ["ndcg"]
    assert completions("harness data fetch ml", 3) == ["ml-100k"]
    assert completions("harness metrics --format c", 3) == ["csv"]
    assert "--limit-users" in completions("harness eval --l", 2)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_completion_is_installed_for_the_shell(tmp_path):
    command = f"{shlex.quote(sys.executable)} -m harness --install-completion; true"
    environment = {**os.environ, "HOME": str(tmp_path)}
    finished = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, env=environment)
    assert "bash completion installed" in finished.stdout
    assert "_HARNESS_COMPLETE=complete_bash" in (tmp_path / ".bash_completions/harness.sh").read_text()


def test_eval_prints_the_table_and_where_the_report_is(cli, small, tmp_path):
    code, out, _ = cli("eval", small)
    assert code == 0
    assert "ndcg" in out
    assert str(tmp_path / "reports/small/ease/report.html") in out
    results = json.loads((tmp_path / "reports/small/ease/results.json").read_text())
    value = next(row["value"] for row in results["metrics"] if row["label"] == "ndcg@10")
    assert f"{value:.4f}" in out


def test_eval_says_when_nothing_had_to_be_computed(cli, small):
    cli("eval", small)
    code, out, _ = cli("eval", small)
    assert code == 0
    assert "finished before" in out


def test_flags_stand_for_keys(cli, small, tmp_path):
    code, out, _ = cli(
        "eval", small, "--out", tmp_path / "odd: name", "--limit-users", 5, "--device", "cpu", "--no-track"
    )
    assert code == 0
    results = json.loads((tmp_path / "odd: name/small/ease/results.json").read_text())
    assert results["experiment"]["runner"]["limit_users"] == 5
    assert "artial" in out


def test_a_missed_expectation_is_exit_code_1(cli, small):
    code, _, err = cli("eval", small, "--set", "expected={ndcg@10: {value: 2.0, tolerance: 0.1}}")
    assert code == 1
    assert "ndcg@10" in err
    assert "expected 2 within 0.1" in err


def test_progress_is_log_lines_where_there_is_no_terminal(cli, small):
    assert "users in" in cli("eval", small)[2]
    assert cli("eval", small, "--force", "--quiet")[2] == ""


def test_compare_prints_verdicts(cli, small):
    cli("eval", small)
    other = small.with_name("other.yaml")
    other.write_text(small.read_text().replace("small/ease", "small/other"))
    code, out, _ = cli("compare", small, other)
    assert code == 0
    assert "undecided" in out
    assert "comparison.html" in out


def test_metrics_are_listed_and_explained(cli):
    code, out, _ = cli("metrics")
    assert code == 0
    assert "Mean of the precision at the" in out
    code, out, _ = cli("metrics", "gini")
    assert code == 0
    assert "0 to 1, lower is better" in out
    assert "{kind: gini, k: 10}" in out
    code, out, _ = cli("metrics", "--conventions")
    assert code == 0
    assert "rectools" in out
    assert "full_k" in out
    assert "trec_eval" in json.loads(cli("metrics", "--conventions", "--json")[1])
    code, out, _ = cli("metrics", "--json")
    assert {"ndcg", "gini", "diversity"} <= {facts["name"] for facts in json.loads(out)}
    code, _, err = cli("metrics", "ndgc")
    assert code == 2
    assert "Did you mean 'ndcg'?" in err


def test_report_renders_again(cli, small, tmp_path):
    cli("eval", small)
    report = tmp_path / "reports/small/ease/report.html"
    before = report.read_text()
    report.write_text("gone")
    assert cli("report", report.parent)[0] == 0
    assert report.read_text() == before
    assert cli("report", small)[0] == 0
    assert cli("report", tmp_path)[0] == 2


def test_fit_writes_once(cli, small):
    assert "written" in cli("fit", small)[1]
    assert "exists already" in cli("fit", small)[1]
    assert "written" in cli("fit", small, "--force")[1]


def test_no_command_ignores_an_override(cli, small, tmp_path):
    cli("eval", small)
    run = tmp_path / "reports/small/ease"
    predictions = run / "predictions.parquet"
    benchmark = tmp_path / "benchmark.yaml"
    benchmark.write_text(f"name: b\nexperiments: [{small}, {small}]\nbaseline: {small}\n")
    for arguments, words in (
        (("report", run, "--set", "runner.k=20"), "is the folder of a finished run, and its report is written in it"),
        (("report", run, "--out", tmp_path / "other"), "--set and --out cannot change that"),
        (("report", small, "--set", "runner.k=20"), "--set runner.k=20: runner.k does not say where the finished run"),
        (("report", small, "--set", "model.params.l2=2"), "model.params.l2 does not say where the finished run is"),
        (
            ("score", predictions, "--experiment", small, "--set", "model.params.l2=2"),
            "model.params.l2 describes the model",
        ),
        (
            ("score", predictions, "--experiment", small, "--set", "expected={}"),
            "expected applies to the experiment's own",
        ),
        (("eval", benchmark, "--set", "primary=ndcg@5"), "primary is a key of the benchmark"),
        (("fit", benchmark, "--set", "name=x"), "name is a key of the benchmark"),
        (("predict", benchmark, "--set", "baseline=x"), "baseline is a key of the benchmark"),
        (("data", "describe", "ml-100k", "--set", "runner.k=20"), "--set changes an experiment, and ml-100k is a data"),
        (("compare", run, run, "--set", "statistics.margn=1"), "unknown key 'margn' in statistics"),
        (("compare", run, run, "--limit-users", 3), "runner.limit_users is a key of runs"),
        (("compare", run, run, "--device", "cpu"), "runner.device is a key of runs"),
        (("export", run, "--out", tmp_path / "trec", "--set", "runner.k=20"), "No such option: --set"),
    ):
        code, out, err = cli(*arguments)
        assert (code, out) == (2, ""), arguments
        assert words in err, arguments
    # These do say where the run is.
    moved = tmp_path / "moved"
    run.parents[1].rename(moved)
    assert cli("report", small)[0] == 2
    code, out, _ = cli("report", small, "--out", moved, "--set", "name=small/ease")
    assert (code, out) == (0, f"{moved}/small/ease/report.html\n")


@pytest.mark.parametrize("target", ["eval", "compare", "report"])
def test_make_hands_overrides_on(target):
    command = ["make", "-n", target, "EXP=x.yaml", "SET=report.directory=a name=b"]
    root = Path(__file__).resolve().parents[2]
    printed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    assert f"harness {target} x.yaml --set 'report.directory=a' --set 'name=b'" in printed


def test_compare_of_folders_heeds_overrides_and_says_where(cli, small, tmp_path):
    other = small.with_name("other.yaml")
    other.write_text(small.read_text().replace("small/ease", "small/other"))
    for path in (small, other):
        cli("eval", path)
    runs = [tmp_path / "reports/small" / name for name in ("ease", "other")]
    code, out, _ = cli("compare", *runs, "--set", "statistics.margin=0.5", "--no-track", "--name", "a/b")
    assert code == 0
    assert "equivalent" in out
    lines = out.splitlines()
    assert f"report  {tmp_path}/reports/comparisons/a/b/comparison.html" in lines
    assert f"LaTeX   {tmp_path}/reports/comparisons/a/b/comparison.tex" in lines
    written = json.loads((tmp_path / "reports/comparisons/a/b/comparison.json").read_text())
    assert written["settings"]["margin"] == 0.5
    code, out, _ = cli("compare", *runs, "--out", tmp_path / "elsewhere")
    assert code == 0
    (folder,) = (tmp_path / "elsewhere/comparisons").iterdir()
    assert f"report  {folder}/comparison.html" in out.splitlines()


def test_export_says_where_numbered_ids_stand(cli, small, tmp_path):
    data = tmp_path / "data.csv"
    data.write_text(data.read_text().replace("i01", "item 01"))
    cli("eval", small)
    code, out, _ = cli("export", tmp_path / "reports/small/ease", "--out", tmp_path / "trec")
    assert code == 0
    assert out.splitlines()[2].startswith(f"{tmp_path}/trec/ids.parquet: ")


def test_validate(cli, small):
    code, out, _ = cli("validate", small)
    assert (code, out) == (0, f"{small}: experiment 'small/ease', valid\n")
    assert "batch_size: auto" in cli("validate", small, "--resolved")[1]


@pytest.mark.parametrize(
    "override",
    [
        "dataset.path={file}",
        "dataset.items={{path: {file}}}",
        "dataset.items={{vectors: {file}}}",
        "dataset.users={{path: {file}, groups: [age]}}",
        "dataset.filters=[{{kind: items, deny_file: {file}}}]",
        "dataset.split={{kind: fixed, train: {file}, test: {file}}}",
        "candidates.lists={file}",
        "candidates.allow={file}",
        "model={{kind: predictions, checkpoint: {file}}}",
    ],
)
def test_validate_looks_for_the_files(cli, small, tmp_path, override):
    code, _, err = cli("validate", small, "--set", override.format(file=tmp_path / "lost.parquet"))
    assert code == 2
    assert f"there is no file {tmp_path / 'lost.parquet'}" in err
    (tmp_path / "lost.parquet").touch()
    assert cli("validate", small, "--set", override.format(file=tmp_path / "lost.parquet"))[0] == 0


def test_validate_goes_on_after_a_base_file_and_after_a_wrong_one(cli, small, tmp_path):
    base, wrong, lost = (tmp_path / f"{name}.yaml" for name in ("base", "wrong", "lost"))
    base.write_text("dataset: {catalog: ml-100k}\nevaluation: {cutoffs: [5]}\n")
    wrong.write_text("evaluation: {cutofs: [5]}\n")
    code, out, err = cli("validate", base, small, wrong, base, lost, small)
    assert code == 2
    valid = [line.split(": ")[0] for line in out.splitlines()]
    assert valid == [str(path) for path in (base, small, base, small)]
    assert "a base file for other experiments" in out
    assert f"{wrong}:1: unknown key 'cutofs' in evaluation" in err
    assert f"no such file: {lost}" in err
    assert "2 of 6 files cannot be used." in err
    assert cli("validate", base, small)[0] == 0


def test_schema(cli):
    code, out, err = cli("schema")
    assert (code, err) == (0, "")
    assert json.loads(out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "experiments" in json.loads(cli("schema", "--benchmark")[1])["properties"]


def test_inspect(cli, tmp_path):
    hostile = "[red]na\x1b[31mme[/red]"
    torch.save({"model": {hostile: torch.ones(1024, 256), "bias": torch.zeros(3)}, "epoch": 7}, tmp_path / "model.pt")
    code, out, _ = cli("inspect", tmp_path / "model.pt")
    assert code == 0
    assert "2 tensors, 262,147 parameters, 1.00 MB" in out
    assert "[red]na\ufffd[31mme[/red]" in out
    assert "1024 x 256" in out
    assert "epoch" in out
    code, out, _ = cli("inspect", tmp_path / "model.pt", "--json")
    assert code == 0
    facts = json.loads(out)
    assert (facts["states"][0]["name"], facts["states"][0]["parameters"]) == ("model", 262_147)
    assert facts["other"] == {"epoch": 7}
    code, out, err = cli("inspect", tmp_path / "none.pt")
    assert (code, out) == (2, "")
    assert "does not exist" in err


def test_score_and_export(cli, small, tmp_path):
    cli("eval", small)
    run = tmp_path / "reports/small/ease"
    code, out, _ = cli("export", run, "--out", tmp_path / "trec")
    assert (code, out.split()) == (0, [str(tmp_path / "trec" / name) for name in ("run.trec", "qrels.trec")])
    code, out, _ = cli("score", tmp_path / "trec/run.trec", "--experiment", small, "--name", "small/trec")
    assert code == 0
    ours, theirs = (
        json.loads((tmp_path / f"reports/small/{name}/results.json").read_text()) for name in ("ease", "trec")
    )
    assert [row["value"] for row in theirs["metrics"]] == [row["value"] for row in ours["metrics"]]
    code, _, err = cli("score", run / "predictions.parquet", "--experiment", small, "--column", "usr=x")
    assert code == 2
    assert "--column is 'usr=x'" in err
    code, _, err = cli("score", tmp_path / "none.csv", "--experiment", small)
    assert code == 2
    assert "none.csv do not exist" in err


def test_data_commands(cli, small, tmp_path):
    assert "ml-100k" in cli("data", "list")[1]
    assert cli("data", "describe", small)[0] == 0
    facts = json.loads(cli("data", "describe", small, "--json")[1])
    assert facts["filtered"]["users"] == 60
    of_catalogue = json.loads(cli("data", "describe", "ml-100k", "--json")[1])
    assert of_catalogue["raw"]["interactions"] == 100_000
    assert "generated, there is nothing to download" in cli("data", "fetch", "synthetic")[1]
    code, out, _ = cli("data", "audit", small, "--ties", 2)
    assert code == 0
    assert "the tie rule alone decides" in out
    assert "item_descending" in out
    assert len(json.loads(cli("data", "audit", small, "--ties", 2, "--json")[1])["ties"]["rows"]) == 4
    assert cli("data", "audit", small, "--ties", 1, "--baseline", "ese")[0] == 2
    assert cli("data", "split", small, "--out", tmp_path / "parts")[0] == 0
    parts = {path.name: len(pd.read_parquet(path)) for path in (tmp_path / "parts").iterdir()}
    assert set(parts) == {"train.parquet", "validation.parquet", "test.parquet"}
    assert sum(parts.values()) == facts["filtered"]["interactions"]


DATA = "user,item,timestamp,rating\n"

# (the change to a good experiment or its data, what the message must name)
MISTAKES = {
    "unknown key": (("runner: {k: 10}", "runner: {k: 10, batchsize: 3}"), ["ease.yaml:", "batch_size"]),
    "unknown section": (("runner:", "runer:"), ["ease.yaml:", "runner"]),
    "true for a number": (("k: 10", "k: true"), ["ease.yaml:", "runner.k"]),
    "text for a number": (("k: 10", "k: ten"), ["ease.yaml:", "runner.k"]),
    "unknown model": (("kind: ease", "kind: eese"), ["ease.yaml:", "'ease'"]),
    "unknown metric": (("cutoffs: [1, 5, 10]", "cutoffs: [1], metrics: [ndgc]"), ["ease.yaml:", "'ndcg'"]),
    "unknown parameter": (("l2: 10.0", "l3: 10.0"), ["ease.yaml:", "l2"]),
    "duplicate key": (("name: small/ease", "name: small/ease\nname: b"), ["ease.yaml:", "name"]),
    "tag": (("k: 10", "k: !!python/object/apply:os.system [ls]"), ["ease.yaml:", "tag"]),
    "cycle": (("name:", "extends: ease.yaml\nname:"), ["ease.yaml", "extends"]),
    "extends nothing": (("name:", "extends: nowhere.yaml\nname:"), ["nowhere.yaml"]),
    "k of 0": (("k: 10", "k: 0"), ["ease.yaml:", "runner.k"]),
    "cutoff over k": (("cutoffs: [1, 5, 10]", "cutoffs: [1, 20]"), ["ease.yaml:", "20", "10"]),
    "cutoff of 0": (("cutoffs: [1, 5, 10]", "cutoffs: [0]"), ["ease.yaml:", "cutoff"]),
    "name outside": (("small/ease", "../../outside"), ["ease.yaml:", "../../outside"]),
    "absolute name": (("small/ease", "/outside"), ["ease.yaml:", "/outside"]),
    "no fit.on": (("fit: {on: train_validation}", "fit: {}"), ["ease.yaml:", "train_validation"]),
    "unknown data set": (("path: {data}", "catalog: ml-100m"), ["ml-100k"]),
    "missing file": (("data.csv", "data.tsv"), ["data.tsv"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_experiment_is_one_message_and_exit_code_2(cli, small, tmp_path, mistake):
    (old, new), named = MISTAKES[mistake]
    old = old.replace("{data}", str(tmp_path / "data.csv"))
    text = small.read_text()
    assert old in text
    small.write_text(text.replace(old, new, 1))
    _expect_one_message(cli("eval", small), named, tmp_path)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (DATA.replace("item", "product") + "a,b,1,1\n", ["data.csv", "item", "product"]),
        (DATA, ["data.csv"]),
        ("", ["data.csv"]),
        (DATA + "a,x,1,1\na,y,nan,1\na,z,3,1\n", ["data.csv", "timestamp"]),
        (DATA + "a,x,1,1\na,y,soon,1\na,z,3,1\n", ["data.csv", "timestamp"]),
        (DATA + "a,x,1,1\nb,x,1,1\n", ["test"]),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xfe\x00", ["data.csv"]),
    ],
    ids=["column", "no rows", "empty", "NaN time", "text time", "nobody to test", "binary"],
)
def test_wrong_data_are_one_message_and_exit_code_2(cli, small, tmp_path, content, named):
    (tmp_path / "data.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    _expect_one_message(cli("eval", small), named, tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        ("nowhere.yaml", None, ["nowhere.yaml"]),
        ("binary.yaml", b"\x00\xff\xfe\x01", ["binary.yaml"]),
        ("empty.yaml", b"", ["empty.yaml"]),
        ("list.yaml", b"- 1\n", ["list.yaml"]),
        ("broken.yaml", b"name: [a\n", ["broken.yaml:"]),
        (
            "bomb.yaml",
            b"a: &a [x,x,x,x,x,x,x,x,x]\n"
            + b"".join(
                f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n".encode() for i in range(9)
            ),
            ["bomb.yaml"],
        ),
        ("deep.yaml", b"a: " + b"[" * 5_000, ["deep.yaml"]),
        (".", None, ["."]),
    ],
)
def test_a_file_that_is_not_an_experiment(cli, tmp_path, name, content, named):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    _expect_one_message(cli("eval", tmp_path / name), named, tmp_path)


def test_filters_that_leave_nothing(cli, small, tmp_path):
    result = cli("eval", small, "--set", "dataset.filters=[{kind: min_rating, value: 6}]")
    _expect_one_message(result, ["min_rating"], tmp_path)


def test_cuda_without_a_device(cli, small, tmp_path):
    import torch

    if torch.cuda.is_available():
        code, _, err = cli("eval", small, "--device", f"cuda:{torch.cuda.device_count()}")
        assert code == 2
        assert "cuda" in err
    else:
        _expect_one_message(cli("eval", small, "--device", "cuda"), ["cuda", "cpu"], tmp_path)


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("runner.k=0", ["runner.k"]),
        ("runner.kk=3", ["runner.k"]),
        ("runner", ["runner"]),
        ("model.params.l2=[", ["model.params.l2"]),
        ("model.params.l2=.nan", ["model.params.l2"]),
    ],
)
def test_a_wrong_override_names_itself(cli, small, tmp_path, override, named):
    _expect_one_message(cli("eval", small, "--set", override), ["--set", *named], tmp_path)


def test_unknown_flags_and_commands_are_exit_code_2(cli):
    assert cli("evaluate")[0] == 2
    assert cli("eval", "--nope")[0] == 2
    assert cli("eval")[0] == 2


def _heed_interrupts():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_exit_code_130(small, tmp_path, number):
    # The run waits for a lock that is held here, so that the signal comes while it is at work.
    with lock(tmp_path / "reports/small/ease/.run"):
        command = [sys.executable, "-u", "-m", "harness", "eval", str(small)]
        # A job started in the background ignores SIGINT, and hands that on to what it starts.
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=_heed_interrupts)
        assert "waiting for another process" in process.stderr.readline()
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err


def test_debug_shows_the_traceback(cli, small):
    code, _, err = cli("eval", small, "--debug", "--set", "dataset.path=nowhere.csv")
    assert code == 2
    assert "Traceback" in err


ERRORS = {
    "an error of the harness": (KeyError("sh\nop"), 70, "internal error: KeyError: 'sh\\nop'. Run with --debug"),
    "memory": (MemoryError("Unable to allocate 7 TiB"), 2, "there is not enough memory (Unable to allocate 7 TiB)"),
    "memory of torch": (RuntimeError("[enforce fail] can't allocate memory"), 2, "there is not enough memory"),
    "a full disk": (
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/a/b"),
        2,
        f"the system reports an error: {os.strerror(errno.ENOSPC)}: /a/b.",
    ),
    "no leave": (
        PermissionError(errno.EACCES, os.strerror(errno.EACCES)),
        2,
        f"the system reports an error: {os.strerror(errno.EACCES)}.",
    ),
    "half an array": (OSError("100 requested and 4 written"), 2, os.strerror(errno.ENOSPC)),
}


@pytest.mark.parametrize("error", ERRORS)
def test_errors_of_the_harness_and_of_the_system_have_codes_of_their_own(cli, monkeypatch, error):
    raised, expected, message = ERRORS[error]

    def describe_source(name):
        raise raised

    monkeypatch.setattr("harness.pipeline.describe_source", describe_source)
    code, out, err = cli("data", "describe", "ml-100k")
    assert (code, out) == (expected, "")
    assert err.startswith("harness: ")
    assert message.replace("\n", " ") in err
    assert err.count("\n") == 1
    code, _, err = cli("data", "describe", "ml-100k", "--debug")
    assert code == expected
    assert err.count("Traceback") == 1
    assert message in err


def test_a_wrong_flag_is_reported_as_before(cli):
    code, _, err = cli("metrics", "--bad")
    assert (code, "No such option" in err, "internal" in err) == (2, True, False)


@pytest.mark.parametrize("arguments", [["metrics"], ["metrics", "--json"], ["data", "list"]])
def test_a_reader_that_has_enough_ends_it_quietly(arguments):
    reader, writer = os.pipe()
    os.close(reader)  # as of `head`, which has its lines
    command = [sys.executable, "-m", "harness", *arguments]
    ended = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (141, "")


def _expect_one_message(result, named, tmp_path):
    code, out, err = result
    assert code == 2
    assert "Traceback" not in err
    assert err.startswith("harness: ")
    for word in named:
        assert word in err, err
    assert out == ""
    reports = tmp_path / "reports"
    assert not reports.exists() or not [
        path for path in reports.rglob("*") if path.suffix in (".html", ".json", ".parquet")
    ]
    assert not (tmp_path / "ease.safetensors").exists()


def test_make_serves_and_sends_by_the_commands():
    root = Path(__file__).resolve().parents[2]
    for target, flags in (("ui", "--port 5001"), ("sync", "--all")):
        command = ["make", "-n", target, f"ARGS={flags}"]
        printed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
        assert f"harness {target} {flags}" in printed
