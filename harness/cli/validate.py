"""``harness validate``: check experiment files without running them."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.cli.app import app
from harness.cli.options import Debug, Experiments, Set


@app.command()
def validate(
    experiments: Experiments,
    set_: Set = [],
    resolved: Annotated[bool, typer.Option("--resolved", help="Print the experiment with all defaults.")] = False,
    debug: Debug = False,
) -> None:
    """Check experiment and benchmark files without running them, and that the files they name exist.

    All files are checked, even where one has an error. A file without a model is a base file, for others to extend.
    """
    from harness.errors import HarnessError

    errors = []
    for path in experiments:
        try:
            typer.echo(_validated(path, set_, resolved=resolved))
        except HarnessError as error:
            errors.append((path, error))
    if errors and len(experiments) == 1:
        raise errors[0][1]
    if errors:
        # The error may lie in a file that it extends.
        lines = [str(error) if path in str(error) else f"{path}: {error}" for path, error in errors]
        raise HarnessError("\n".join([*lines, f"{len(errors)} of {len(experiments)} files cannot be used."]))


def _validated(path: str, overrides: list[str], *, resolved: bool) -> str:
    """Return the line that is printed for a file without errors."""
    from harness.errors import HarnessError
    from harness.experiment import is_benchmark, load_base_file, load_benchmark, load_experiment, seed_experiments
    from harness.pipeline import check_inputs

    base = load_base_file(path, overrides)
    if base is not None:
        if base.dataset.path != path:  # the file names another data set
            check_inputs(base)
        return f"{'# ' if resolved else ''}{path}: a base file for other experiments (it has no model.kind), valid"
    if is_benchmark(path):
        loaded = load_benchmark(path, overrides).experiments
        kind = f"a benchmark of {len(loaded)} experiments"
    else:
        loaded = (load_experiment(path, overrides),)
        kind = f"experiment '{loaded[0].name}'"
    errors = []
    for experiment in loaded:
        try:
            check_inputs(*seed_experiments(experiment))
        except HarnessError as error:
            errors.append(error)
    if errors:
        raise errors[0] if len(errors) == 1 else HarnessError("\n".join(dict.fromkeys(map(str, errors))))
    return "\n".join(experiment.to_yaml() for experiment in loaded) if resolved else f"{path}: {kind}, valid"
