"""Log each message once per run."""

from __future__ import annotations

import functools
import logging

logger = logging.getLogger("harness")


def forget_messages() -> None:
    """Forget the logged messages, so that the next run logs them again."""
    log_once.cache_clear()
    warn_once.cache_clear()


@functools.cache
def log_once(message: str) -> None:
    """Log a message at level INFO once per run."""
    logger.info(message)


@functools.cache
def warn_once(message: str) -> None:
    """Log a warning once per run."""
    logger.warning(message)
