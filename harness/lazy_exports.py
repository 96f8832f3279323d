"""Export names of a package that are imported when they are first used."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any


class LazyExports:
    """The exports of a package, for its ``__getattr__`` and ``__dir__``.

    Parameters
    ----------
    homes
        The module that defines each name.

    Examples
    --------
    >>> exports = LazyExports({"sqrt": "math"})
    >>> exports.get("sqrt")(9.0)
    3.0
    >>> exports.names()
    ['sqrt']
    """

    def __init__(self, homes: Mapping[str, str]) -> None:
        self._homes = dict(homes)

    def get(self, name: str) -> Any:
        """Return the object of a name.

        Raises
        ------
        AttributeError
            The package exports no such name.
        """
        if name not in self._homes:
            raise AttributeError(f"there is no export named '{name}'; there are {', '.join(sorted(self._homes))}")
        return getattr(importlib.import_module(self._homes[name]), name)

    def names(self) -> list[str]:
        """Return the names."""
        return sorted(self._homes)
