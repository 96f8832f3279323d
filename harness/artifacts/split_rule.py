"""The base class of splits."""

from __future__ import annotations

import abc
from typing import ClassVar

from harness.artifacts.interactions import Interactions, Split


class SplitRule(abc.ABC):
    """How interactions are divided into parts: a frozen value whose fields are the options of ``dataset.split``.

    Attributes
    ----------
    kind
        The name that experiments use.
    ties
        The rule for interactions of one user at the same time; None for a split without such a rule.
    """

    kind: ClassVar[str]
    ties: str | None = None

    @abc.abstractmethod
    def split(self, interactions: Interactions) -> Split:
        """Return the interactions in canonical order, each with its part.

        Raises
        ------
        DataError
            The interactions cannot be split this way.
        """
