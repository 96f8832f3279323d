"""Write the list of all metrics into metrics.md, from what their classes state: python docs/metrics_table.py."""

import re
from pathlib import Path

from harness.metrics.metric_facts import MetricFacts, metric_facts
from harness.registry import BUILT_IN

PAGE = Path(__file__).parent / "metrics.md"
BEGIN, END = "<!-- metrics: written by metrics_table.py -->\n", "<!-- end of metrics -->\n"


def metrics_table() -> str:
    """Return a table of the built-in metrics for each family, in the order of the registry."""
    families: dict[str, list[MetricFacts]] = {}
    for name in BUILT_IN["metrics"]:
        facts = metric_facts(name)
        families.setdefault(facts.family, []).append(facts)
    return "\n".join(_family(name, metrics) for name, metrics in families.items())


def _family(name: str, metrics: list[MetricFacts]) -> str:
    title = name.replace("_", " ").capitalize()
    head = f"### {title}\n\n| name | value | definition | range | needs |\n|---|---|---|---|---|\n"
    return head + "".join(map(_row, metrics))


def _row(facts: MetricFacts) -> str:
    value = facts.summary + ("" if facts.value == "a user" else " One value over all lists.")
    formula = re.sub(r"\\[,;:!] *$", "", facts.formula).replace(r"\|", r"\Vert ").replace("|", r"\vert ")
    limits = f"from {facts.lower:g}" if facts.upper is None else f"{facts.lower:g} to {facts.upper:g}"
    limits += "" if facts.higher_is_better else ", lower is better"
    needs = ", ".join(f"`{need}`" for need in facts.needs)
    return f"| `{facts.name}` | {value.replace('|', '&#124;')} | ${formula}$ | {limits} | {needs} |\n"


def page_with_table(page: str) -> str:
    """Return the page with its list of metrics written again."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{metrics_table()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page_with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
