"""A line of text in the output of a notebook cell, which is replaced by the next one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.display_functions import DisplayHandle

_SHELL = "ZMQInteractiveShell"  # the shell of a Jupyter kernel, and the base class of those of other notebooks


def in_notebook() -> bool:
    """Return whether the code runs in the kernel of a notebook, where the output is no terminal."""
    if "IPython" not in sys.modules:
        return False
    from IPython.core.getipython import get_ipython

    return any(parent.__name__ == _SHELL for parent in type(get_ipython()).__mro__)


class NotebookLine:
    """A line of text that is shown in the current cell, and replaced there. Any thread may replace it."""

    def __init__(self) -> None:
        self._handle: DisplayHandle | None = None

    def show(self, line: str) -> None:
        """Show a line instead of the one before."""
        from IPython.core.display_functions import display

        content = {"text/plain": line}
        if self._handle is None:
            self._handle = display(content, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(content, raw=True)  # type: ignore[no-untyped-call]
