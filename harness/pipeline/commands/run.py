"""Run an experiment from Python, with its findings as warnings: ``harness.run``."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.artifacts import RunRecord
from harness.errors import HarnessWarning
from harness.experiment import Experiment
from harness.pipeline.commands import eval as evaluation
from harness.pipeline.commands.eval import RunResult

logger = logging.getLogger("harness")


def run(experiment: Experiment | str | Path, *, force: bool = False, quiet: bool = False) -> RunResult:
    """Run an experiment to its report.

    A finished run with the same data, checkpoint, settings and code is read back rather than computed. A run that the
    tracking store does not have is sent.

    What limits the numbers becomes Python warnings of the category ``HarnessWarning``: each finding of severity
    ``warning`` or ``error``, and, unless logging is set up, each message that would be logged as a warning.

    Parameters
    ----------
    experiment
        From ``load_experiment``, or the path of its file.
    force
        Compute the run even where it is finished. The checkpoint stays; ``fit`` makes it again.
    quiet
        Show no progress.

    Raises
    ------
    HarnessError
        Something in the experiment, the data or the checkpoint is wrong.
    """
    with collected_messages() as messages:
        result = evaluation.run(experiment, force=force, quiet=quiet)
        messages.extend(cautions(result.record))
    warn(messages, stacklevel=3)
    return result


@contextlib.contextmanager
def collected_messages() -> Iterator[list[str]]:
    """Collect what is logged as a warning within the block, where no handler of the process takes it.

    If the block raises an error, the messages become warnings.
    """
    messages: list[str] = []
    if logger.hasHandlers():
        yield messages
        return
    handler = _MessageList(messages)
    logger.addHandler(handler)
    try:
        yield messages
    except BaseException:
        warn(messages, stacklevel=5)
        raise
    finally:
        logger.removeHandler(handler)


def cautions(record: RunRecord) -> list[str]:
    """Return the sentences of the findings of a run that limit what its numbers mean."""
    return [finding.sentence for finding in record.audits if finding.severity != "info"]


def warn(messages: Iterable[str], *, stacklevel: int) -> None:
    """Issue each message once."""
    for message in dict.fromkeys(messages):
        warnings.warn(message, HarnessWarning, stacklevel=stacklevel)


class _MessageList(logging.Handler):
    """Append the messages of warnings to a list."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        """Append a message."""
        self._messages.append(record.getMessage())
