"""What is said once a run, though it reads its model several times: for the trial, and for the lists."""

from __future__ import annotations

import functools
import logging

logger = logging.getLogger("harness")


def forget_messages() -> None:
    """Say everything again, in another run."""
    log_once.cache_clear()
    warn_once.cache_clear()


@functools.cache
def log_once(what: str) -> None:
    """Log something once."""
    logger.info(what)


@functools.cache
def warn_once(what: str) -> None:
    """Warn of something once."""
    logger.warning(what)
