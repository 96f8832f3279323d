"""What the tests of several rooms share: real data and real runs, made once, and small data of one's own."""

from __future__ import annotations

import contextlib
import functools
import importlib
import itertools
import logging
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browser import CHROMIUM, MISSING, open_browser

import harness
from harness.cli import main
from harness.data import MovieLens100K, SourceData
from harness.report.figures import svg
from harness.storage import cache_folder
from harness.tracking.tracking_store import opened

ROOT = Path(__file__).resolve().parents[1]
SOURCES = (cache_folder() / "sources").resolve()
SOURCES.mkdir(parents=True, exist_ok=True)
collect_ignore = ["external_project"]  # a package of its own, which tests run as strangers do
TO_SVG = svg.to_svg
REFERENCE_MODELS = ("random", "popularity", "item_knn", "ease")


def pytest_addoption(parser):
    parser.addoption(
        "--thorough", action="store_true", help="repeat more, and draw all figures, as `make test-all` does"
    )


def _make_cache(folder: Path) -> str:
    """Make a cache for tests alone, except for the data sets, which are downloaded once into the user's cache."""
    folder.mkdir()
    (folder / "sources").symlink_to(SOURCES, target_is_directory=True)
    return str(folder)


@pytest.fixture(scope="session", autouse=True)
def _caches(tmp_path_factory):
    """Set the cache that session fixtures use, and return the folder and the numbers of the caches of tests."""
    folder = tmp_path_factory.mktemp("caches")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARNESS_CACHE", _make_cache(folder / "session"))
        yield folder, itertools.count()


@pytest.fixture(autouse=True)
def _cache_of_the_test(_caches, monkeypatch):
    folder, numbers = _caches
    monkeypatch.setenv("HARNESS_CACHE", _make_cache(folder / str(next(numbers))))


# The drawings of reports, by module.
DRAWINGS = {
    "curves": ["curve"],
    "distributions": ["distribution"],
    "forest_plot": ["forest_plot"],
    "overlaid_curves": ["overlaid_curves"],
    "profile_plots": ["category_plot", "lorenz_plot", "tenths_plot"],
    "slice_plot": ["slice_plot"],
    "trade_off_plot": ["trade_off_plot"],
}


def _drawings():
    """Yield the module, the name and the function of each drawing."""
    for file, names in DRAWINGS.items():
        module = importlib.import_module(f"harness.report.figures.{file}")
        for name in names:
            yield module, name, getattr(module, name)


DRAWN = list(_drawings())


@pytest.fixture(scope="session", autouse=True)
def _blank_figures(request):
    """Leave the figures of reports blank unless ``--thorough`` is given: drawing them takes most of a small run."""
    with pytest.MonkeyPatch.context() as patch:
        if not request.config.getoption("--thorough"):
            patch.setattr(svg, "to_svg", lambda figure, *, name, title: f'<svg id="{name}" role="img"></svg>')
            for module, name, _ in DRAWN:
                patch.setattr(module, name, lambda *_, **__: None)
        yield


@contextlib.contextmanager
def _drawing():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(svg, "to_svg", TO_SVG)
        for module, name, drawing in DRAWN:
            patch.setattr(module, name, drawing)
        yield


@pytest.fixture
def drawn_figures():
    """Draw figures in every case, for tests that look at them."""
    with _drawing():
        yield


@pytest.fixture(scope="module")
def pages_with_figures():
    """Draw the figures of the pages that fixtures of a module write."""
    with _drawing():
        yield


@pytest.fixture(scope="session")
def browser():
    """Yield a headless Chromium; tests that ask for it are skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip(MISSING)
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="session")
def ml_100k() -> SourceData:
    """MovieLens-100k as it comes: downloaded once into the user's own cache, then read from there."""
    return MovieLens100K().read()


@pytest.fixture(scope="session")
def ml_100k_runs(ml_100k, tmp_path_factory):
    """Each reference model's finished run on ml-100k, as the experiments of the project say."""
    folder = tmp_path_factory.mktemp("ml-100k")
    runs = {}
    for kind in REFERENCE_MODELS:
        experiment = harness.load_experiment(
            ROOT / f"experiments/ml-100k/{kind}.yaml",
            [
                f"model.checkpoint={folder}/checkpoints/{kind}.safetensors",
                f"report.directory={folder}/reports",
                "tracking.enabled=false",
            ],
        )
        runs[kind] = harness.run(experiment, quiet=True)
    return runs


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory):
    """A file with MLflow's tables, to be copied: making them takes longer than all else in a test."""
    file = tmp_path_factory.mktemp("store") / "mlflow.db"
    with opened(f"sqlite:///{file}"):
        pass
    return file


def small_table(n_users: int = 60, n_items: int = 40, *, seed: int = 0) -> pd.DataFrame:
    """Return interactions with many tied timestamps, ids of text, a row an interaction."""
    rng = np.random.default_rng(seed)
    frames = []
    for user in range(n_users):
        items = rng.choice(n_items, size=rng.integers(4, 15), replace=False)
        frames.append(
            pd.DataFrame(
                {
                    "user": f"u{user:03d}",
                    "item": [f"i{item:02d}" for item in items],
                    "timestamp": rng.integers(0, 5, size=len(items)),
                    "rating": rng.integers(1, 6, size=len(items)),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


@functools.cache
def _small_csv() -> str:
    return small_table().to_csv(index=False)


EXPERIMENT = """
name: small/ease
dataset:
  path: {data}
  split: {{kind: leave_last_out, validation: true}}
model:
  kind: ease
  checkpoint: {folder}/ease.safetensors
  params: {{l2: 10.0}}
  fit: {{on: train_validation}}
runner: {{k: 10}}
evaluation: {{cutoffs: [1, 5, 10]}}
tracking: {{enabled: false}}
report: {{directory: {folder}/reports, examples: 3}}
"""


@pytest.fixture
def small(tmp_path):
    """Write an experiment on small data, and return its path."""
    (tmp_path / "data.csv").write_text(_small_csv())
    path = tmp_path / "ease.yaml"
    path.write_text(EXPERIMENT.format(data=tmp_path / "data.csv", folder=tmp_path))
    return path


@pytest.fixture
def cli(capsys, monkeypatch):
    """Return a function that runs a command in this process: exit code, stdout, stderr."""

    # The command line sets these up for its process; here they are put back after the test.
    logger = logging.getLogger("harness")
    for name in ("handlers", "propagate", "level"):
        monkeypatch.setattr(logger, name, getattr(logger, name))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["harness", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        captured = capsys.readouterr()
        return stop.value.code, captured.out, captured.err

    return run
