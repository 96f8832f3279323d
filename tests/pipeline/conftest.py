"""A copy of the external project to work in."""

from __future__ import annotations

import runpy
import shutil

import pytest
from external_runs import PROJECT, walks


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Copy the project, with interactions and its own checkpoints."""
    folder = tmp_path_factory.mktemp("external") / "project"
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__"))
    walks().to_csv(folder / "interactions.csv", index=False)
    runpy.run_path(str(folder / "make.py"))["main"](folder / "interactions.csv", folder)
    return folder


@pytest.fixture
def inside(project, monkeypatch):
    """Work in the project's folder."""
    monkeypatch.chdir(project)
    return project
