"""The notebook of the documentation runs in a Jupyter kernel, and shows tables, figures, warnings and progress."""

from __future__ import annotations

import re
from pathlib import Path

import nbclient
import nbformat
import pytest

NOTEBOOK = Path(__file__).resolve().parents[1] / "docs/notebook.ipynb"
MOST_SECONDS = 90

# Without pyplot, plain figures of Matplotlib are not shown as images.
MORE = {
    "threads": """
import threading, time
from harness.execution import progress

with progress("working", 4, unit="steps") as advance:
    def work():
        time.sleep(0.3)
        advance(1)
    for _ in range(2):
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
""",
    "quiet": "harness.run('ease.yaml', quiet=True, force=True).was_finished",
    "pyplot": """
import matplotlib.pyplot
result.plot()
""",
    "errors": """
try:
    harness.run("eese.yaml")
except harness.HarnessError as error:
    print(error)
""",
}


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """Run the notebook, and some cells more, in an empty folder; return the outputs by cell."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells.extend(nbformat.v4.new_code_cell(source, id=name) for name, source in MORE.items())
    folder = str(tmp_path_factory.mktemp("notebook"))
    client = nbclient.NotebookClient(
        notebook, timeout=MOST_SECONDS, kernel_name="python3", resources={"metadata": {"path": folder}}
    )
    client.execute()
    return {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}


def shown(outputs, kind):
    return [output.data[kind] for output in outputs if kind in output.get("data", {})]


def text_of(outputs, stream):
    return "".join(output.text for output in outputs if output.output_type == "stream" and output.name == stream)


def test_the_notebook_is_kept_without_outputs():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert all(not cell.outputs and cell.execution_count is None for cell in code)


@pytest.mark.slow
def test_values_are_tables(cells):
    for cell, words in {
        "run": [
            "notebook/ease: ndcg@10 0.0",
            "95% interval [",
            "warning: ",
            'href="./reports/notebook/ease/report.html"',
        ],
        "table": ["95% interval", "recall@20", "938"],
        "compare": ["ndcg@10 of 3 runs", "differences to notebook/popularity", "notebook/ease-1000"],
        "frames": ["recall@1", "2 users"],
        "arrays": ["100 users, k = 5, with scores", "and 95 more"],
    }.items():
        (html,) = shown(cells[cell], "text/html")
        assert [word for word in words if word not in html] == []
        assert "<script" not in html
        (text,) = shown([output for output in cells[cell] if output.output_type == "execute_result"], "text/plain")
        assert len(text) < 400


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["curves", "distribution", "forest", "trade-off", "all-curves", "pyplot"])
def test_figures_are_images(cells, cell):
    (image,) = shown(cells[cell], "image/png")
    assert len(image) > 5_000


@pytest.mark.slow
def test_findings_are_warnings_of_the_line_that_ran_the_experiment(cells):
    found = re.findall(r"(\S+):\d+: HarnessWarning: (.+)", text_of(cells["run"], "stderr"))
    assert len(found) == len({sentence for _, sentence in found}) > 0
    assert all("ipykernel" in place for place, _ in found)
    assert "result = harness.run(" in text_of(cells["run"], "stderr")


@pytest.mark.slow
def test_no_other_warning_reaches_the_reader(cells):
    for outputs in cells.values():
        categories = re.findall(r"\b\w*Warning\b", text_of(outputs, "stderr"))
        assert set(categories) <= {"HarnessWarning"}


@pytest.mark.slow
def test_progress_is_one_line_that_is_replaced(cells):
    lines = shown([output for output in cells["run"] if output.output_type == "display_data"], "text/plain")
    assert [line for line in lines if re.fullmatch(r"scoring: 938 users in .* users/s", line)] == lines[-1:]
    (line,) = shown(cells["threads"], "text/plain")
    assert re.fullmatch(r"working: 4 steps in \d\.\d s, .* steps/s", line)
    assert shown(cells["quiet"], "text/plain") == ["False"]


@pytest.mark.slow
def test_errors_are_one_message(cells):
    assert "eese.yaml" in text_of(cells["errors"], "stdout")
