"""Facts of the registered metrics, for ``harness metrics`` and the documentation."""

from __future__ import annotations

import dataclasses
import inspect
import math
import re
import typing
from typing import Any

from harness import registry
from harness.metrics.metric import OptionValue


@dataclasses.dataclass(frozen=True)
class OptionFacts:
    """An option of a metric.

    Parameters
    ----------
    default
        The default; None if the option is required.
    choices
        The possible values if there are only a few, else empty.
    """

    default: OptionValue
    choices: tuple[OptionValue, ...] = ()


@dataclasses.dataclass(frozen=True)
class MetricFacts:
    """A metric's facts as plain values.

    Parameters
    ----------
    name, family, formula, reference
        As in ``Metric``.
    summary
        One sentence.
    description
        The rest, as plain text: edge cases and options.
    value
        ``a user``: one value per user, whose mean is reported with an interval; or ``all lists``: one value.
    higher_is_better
        Whether higher values are better.
    lower, upper
        The range; None without an upper limit.
    needs
        What the metric needs beyond lists and truth.
    options
        Facts of each option by its name.
    fixed
        Choices of this definition that other libraries make differently.
    yaml
        Entry for an experiment, with the default of each option.
    """

    name: str
    family: str
    summary: str
    description: str
    value: str
    higher_is_better: bool
    lower: float
    upper: float | None
    needs: tuple[str, ...]
    options: dict[str, OptionFacts]
    fixed: dict[str, OptionValue]
    formula: str
    reference: str
    yaml: str


def metric_facts(name: str) -> MetricFacts:
    """Return the facts of a metric.

    Raises
    ------
    HarnessError
        No metric has that name.

    Examples
    --------
    >>> facts = metric_facts("recall")
    >>> facts.yaml
    '{kind: recall, k: 10, denominator: relevant}'
    >>> facts.options["denominator"]
    OptionFacts(default='relevant', choices=('relevant', 'min_k'))
    """
    cls = registry.load("metrics", name)
    summary, _, rest = (inspect.getdoc(cls) or "").partition("\n")
    options = _options(cls)
    shown = "".join(f", {option}: {_plain(facts.default)}" for option, facts in options.items())
    return MetricFacts(
        name=name,
        family=cls.family,
        summary=summary,
        description=_text(re.split(r"\n(?:References|Examples)\n-", rest)[0]),
        value="a user" if cls.per_user else "all lists",
        higher_is_better=cls.higher_is_better,
        lower=cls.lower,
        upper=cls.upper if math.isfinite(cls.upper) else None,
        needs=_needs(cls),
        options=options,
        fixed=dict(cls.choices),
        formula=cls.formula,
        reference=cls.reference,
        yaml=f"{{kind: {name}{shown}}}",
    )


def all_metric_facts() -> list[MetricFacts]:
    """Return the facts of all metrics, including those of plug-ins, by family and in the order of the registry."""
    facts = [metric_facts(name) for name in registry.table("metrics")]
    families = list(dict.fromkeys(metric.family for metric in facts))
    return sorted(facts, key=lambda metric: families.index(metric.family))


def _needs(cls: Any) -> tuple[str, ...]:
    """Return what the metric needs with default options."""
    given = all(field.default is not dataclasses.MISSING for field in dataclasses.fields(cls))
    return tuple(cls().required if given else cls.needs)


def _options(cls: Any) -> dict[str, OptionFacts]:
    kinds = typing.get_type_hints(cls)
    options: dict[str, OptionFacts] = {}
    for field in dataclasses.fields(cls):
        choices = typing.get_args(kinds[field.name]) if typing.get_origin(kinds[field.name]) is typing.Literal else ()
        # A required option has no default.
        default = None if field.default is dataclasses.MISSING else field.default
        options[field.name] = OptionFacts(default, choices)
    return options


def _text(docstring: str) -> str:
    """Return a part of a docstring without its markup; the formula is a fact of its own."""
    text = re.sub(r"^\.\. math::.*(\n[ \t]+.*)*", "", docstring, flags=re.MULTILINE)
    text = re.sub(r"^(\w+)\n-+$", r"\1:", text.replace("Parameters\n-", "Options\n-"), flags=re.MULTILINE)
    text = re.sub(r":math:`([^`]*)`|``([^`]*)``", lambda match: match[1] or match[2], text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _plain(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    # Quotes, because YAML would read the text as a number.
    return f'"{value}"' if isinstance(value, str) and value.isdigit() else str(value)
