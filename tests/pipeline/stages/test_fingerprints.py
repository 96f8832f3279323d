"""Fingerprints cover all code that can change a number, and fail on a name that does not exist."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import harness
from harness.pipeline.stages.fingerprints import (
    EVALUATION_CODE,
    PREDICTION_CODE,
    code_version,
    home_of,
    source_files,
    with_imports,
)

PACKAGE = Path(harness.__file__).parent

# Modules that a run imports and that cannot change a number, each with the reason.
CHANGES_NO_NUMBER = (
    "harness",  # the lazy exports
    "harness.errors",
    "harness.font_families",
    "harness.lazy_exports",
    "harness.experiment",  # reads settings; the fingerprints hold their values
    "harness.pipeline",  # the exports; rooms and modules below are listed one by one
    "harness.pipeline.commands",
    "harness.pipeline.commands.attention_picture",  # commands other than a run and a fit
    "harness.pipeline.commands.audit",
    "harness.pipeline.commands.compare",
    "harness.pipeline.commands.comparison_options",
    "harness.pipeline.commands.contribution_picture",
    "harness.pipeline.commands.comparison_sources",
    "harness.pipeline.commands.describe",
    "harness.pipeline.commands.explain",
    "harness.pipeline.commands.export",
    "harness.pipeline.commands.fit",  # the fingerprints hold the checkpoint's bytes
    "harness.pipeline.commands.diff",
    "harness.pipeline.commands.fact_changes",
    "harness.pipeline.commands.freeze",
    "harness.pipeline.commands.gate",
    "harness.pipeline.commands.gate_preflight",
    "harness.pipeline.commands.paired_runs",
    "harness.pipeline.commands.list_swaps",
    "harness.pipeline.commands.power",
    "harness.pipeline.commands.robustness",
    "harness.pipeline.commands.run",  # turns findings into warnings
    "harness.pipeline.commands.seeds",
    "harness.pipeline.commands.shared_users",
    "harness.pipeline.commands.user_differences",
    "harness.pipeline.run_folder.stored_lists",  # reads what was written
    "harness.pipeline.run_folder.comparison_files",
    "harness.pipeline.run_folder.example_files",
    "harness.pipeline.run_folder.result_folders",
    "harness.pipeline.run_folder.result_index",
    "harness.pipeline.run_folder.user_lists",
    "harness.pipeline.run_folder.title_file",
    "harness.pipeline.stages.history_contributions",
    "harness.pipeline.stages.example_selection",  # shows what was measured
    "harness.pipeline.run_folder.earlier_uses",
    "harness.pipeline.run_folder.run_sources",
    "harness.pipeline.stages.remeasurement",
    "harness.pipeline.run_folder.seed_files",
    "harness.pipeline.commands.init",  # writes an experiment file
    "harness.pipeline.commands.starter_text",
    "harness.pipeline.commands.report",
    "harness.pipeline.commands.score",
    "harness.pipeline.commands.split",
    "harness.pipeline.commands.sync",
    "harness.pipeline.commands.validate",
    "harness.pipeline.model_trial",  # its findings have a digest of their own
    "harness.pipeline.run_folder",
    "harness.pipeline.run_folder.comparison_folder",  # where comparisons are written
    "harness.pipeline.run_folder.comparison_identity",
    "harness.pipeline.run_folder.model_files",  # compares files of two runs
    "harness.pipeline.run_folder.per_user",  # reads what was written
    "harness.pipeline.run_folder.run_folder",  # where runs are written
    "harness.pipeline.stages",
    "harness.pipeline.stages.environment",  # versions and machine
    "harness.pipeline.stages.fingerprints",
    "harness.pipeline.stages.publication",  # sends what was written to MLflow
    "harness.pipeline.stages.timings",
    "harness.pipeline.stages.validation_score",  # stops a training; the fingerprints hold the checkpoint's bytes
    "harness.registry",  # finds classes; the fingerprints hold the code of those that are used
    "harness.report",
    "harness.statistics",  # compares finished runs
    "harness.tracking",
)
WHOLE_PACKAGES = (
    "harness.experiment",
    "harness.pipeline.model_trial",
    "harness.report",
    "harness.statistics",
    "harness.tracking",
)


def file_of(module: str) -> Path | None:
    path = PACKAGE.joinpath(*module.split(".")[1:])
    files = (path / "__init__.py", path.with_suffix(".py"))
    return next((file for file in files if file.is_file()), None)


def imports_of(module: str) -> Iterator[str]:
    """Yield the modules of the package that a module imports anywhere in its source, deferred imports included."""
    file = file_of(module)
    assert file is not None, module
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        yield from (name for name in names if name.partition(".")[0] == "harness" and file_of(name) is not None)


def modules_of_a_run() -> set[str]:
    found: set[str] = set()
    wanted = {"harness.pipeline.commands.eval"}
    while wanted:
        module = wanted.pop()
        found.add(module)
        parents = {module.rsplit(".", depth)[0] for depth in range(1, module.count(".") + 1)}
        wanted |= {*imports_of(module), *parents} - found
    return found


def is_below(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("name", sorted({*PREDICTION_CODE, *EVALUATION_CODE}))
def test_each_name_in_the_lists_exists(name: str) -> None:
    assert source_files(name)


def test_each_module_of_a_run_is_in_a_fingerprint_or_changes_no_number() -> None:
    modules = modules_of_a_run()
    assert len(modules) > 200
    known = {*PREDICTION_CODE, *EVALUATION_CODE, *WHOLE_PACKAGES}
    missing = {one for one in modules if not is_below(one, known) and one not in CHANGES_NO_NUMBER}
    assert not missing, (
        f"add {', '.join(sorted(missing))} to PREDICTION_CODE or EVALUATION_CODE in stages/fingerprints.py, "
        "or to the list in this test if it cannot change a number"
    )
    assert {one for one in CHANGES_NO_NUMBER if one not in modules} == set()
    assert not {one for one in CHANGES_NO_NUMBER if is_below(one, (*PREDICTION_CODE, *EVALUATION_CODE))}


@pytest.mark.parametrize("name", ["harness.nothing", "harness.topk.nothing", "harness.nothing.at_all", "no_package"])
def test_a_name_that_does_not_exist_raises(name: str) -> None:
    with pytest.raises(ModuleNotFoundError, match=f"needs the source of the module '{name}', which does not exist"):
        code_version("harness.topk", name)


def test_a_class_that_was_typed_into_an_interpreter_has_no_source() -> None:
    typed = (
        "from harness.pipeline.stages.fingerprints import code_version, home_of, source_files\n"
        "class Typed: pass\n"
        "print(home_of(Typed()), source_files(home_of(Typed())), len(code_version(home_of(Typed()))))\n"
    )
    done = subprocess.run([sys.executable, "-c", typed], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["__main__", "[]", "64"]


@pytest.mark.parametrize(
    ("package", "files"),
    [("with_init", ("__init__.py", "metric.py")), ("without_init", ("folder/other.py", "metric.py"))],
)
def test_a_plug_in_counts_with_all_its_files(
    package: str, files: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in files:
        (tmp_path / package / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / package / file).write_text("class Metric: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module(f"{package}.metric")
    assert home_of(module.Metric()) == package
    assert source_files(package) == [tmp_path / package / file for file in files]


def test_the_version_of_a_model_follows_its_imports() -> None:
    names = with_imports("harness.models.neural.two_tower")
    assert "harness.models.neural.training_loop" in names
    assert "harness.modules" in names
    assert len(code_version(*names)) == 64
