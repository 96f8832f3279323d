"""Write plain values as YAML text that parses to the same values."""

from __future__ import annotations

from typing import Any

import yaml

from harness.experiment.yaml_scalars import reads_as_text


class _Dumper(yaml.SafeDumper):
    """YAML dumper that quotes text that ``resolve`` would not read as text, such as ``1e-3``."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if reads_as_text(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def to_yaml(plain: Any) -> str:
    """Return dicts, lists and scalars as YAML text. Keys keep their order.

    Examples
    --------
    >>> print(to_yaml({"name": "1e-3", "cutoffs": [1, 5]}), end="")
    name: "1e-3"
    cutoffs: [1, 5]
    """
    return yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)
