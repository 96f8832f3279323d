"""What a command prints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.report.terminal.rich_tables import rendered
from harness.report.terminal.text_table import Block, StyledText, TextTable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType


@dataclass(frozen=True)
class Printout:
    """What a command prints: lines and tables, one under the other. Rich prints it in the width of the console.

    Parameters
    ----------
    blocks
        The lines and tables.
    """

    blocks: tuple[Block, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Yield the blocks as renderables of rich."""
        for index, block in enumerate(self.blocks):
            before = self.blocks[index - 1] if index else None
            if isinstance(block, TextTable) and isinstance(before, StyledText) and block.title:
                yield ""
            yield from rendered(block, options.max_width)
