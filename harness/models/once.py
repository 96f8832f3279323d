"""What is said once, though a run reads its model several times: for the trial, and in each worker."""

from __future__ import annotations

import functools
import logging

logger = logging.getLogger("harness")


@functools.cache
def say_once(what: str) -> None:
    """Log something once."""
    logger.info(what)


@functools.cache
def warn_once(what: str) -> None:
    """Warn of something once."""
    logger.warning(what)
