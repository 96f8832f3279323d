"""Turn exceptions of external code into messages that name the code's own line."""

from __future__ import annotations

import contextlib
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path

from harness.errors import HarnessError

_LONGEST = 300


@contextlib.contextmanager
def external_errors(what: str, kind: type[HarnessError] = HarnessError) -> Iterator[None]:
    """Raise any exception of external code within the block as an error of the harness.

    Parameters
    ----------
    what
        First words of the message, such as "the call failed with".
    kind
        Class of the error.

    Raises
    ------
    HarnessError
        The code within the block raises an exception, or ends the program.
    """
    try:
        yield
    except (HarnessError, MemoryError):
        raise
    except (Exception, SystemExit) as error:  # external code may raise anything
        raise kind(f"{what} {describe_error(error)}.") from error


def describe_error(error: BaseException) -> str:
    """Return an exception's type, the beginning of its message, and the line of external code that raised it.

    Examples
    --------
    >>> describe_error(ValueError("no"))
    'ValueError: no'
    """
    text = " ".join(str(error).split())
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    found = f"{type(error).__name__}: {text.rstrip('.')}" if text else type(error).__name__
    # The mistake is neither in the harness nor in a library.
    libraries = (f"{Path(__file__).parents[2]}/", sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"), "<")
    frames = [one for one in traceback.extract_tb(error.__traceback__) if not one.filename.startswith(libraries)]
    return f"{found} ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else found
