"""Facts about how a result was made, in the order and with the digits that people read."""

from collections.abc import Mapping
from typing import Any

from rfmae.reporting.report_record import Report

FIRST = ("command", "machine", "device", "threads", "seconds", "minutes", "versions")
"""What is asked for most comes first, where it is known."""

_NAMES = {"seconds": "duration"}
_LEAST_GROUPED = 10_000  # a smaller number may be a year or a port


def facts_of(report: Report) -> dict[str, Any]:
    """How a report was made, and the machine that its cost was measured on."""
    costs = [item.cost for item in report.assessments.values() if item.cost is not None]
    facts = dict(report.provenance)
    if costs:
        facts.setdefault("machine", f"{costs[0].device}, {costs[0].threads} threads")
    return in_order(facts)


def in_order(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The same facts, every number in print, the most wanted first."""
    names = [*(name for name in FIRST if name in facts), *(n for n in facts if n not in FIRST)]
    return {_NAMES.get(name, name): _shown(facts[name], name) for name in names}


def in_words(value: object) -> str:
    """Nested facts as one line: names before their values, separated by commas."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {in_words(item)}" for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(in_words, value))
    return str(value)


def as_list(facts: Mapping[str, Any]) -> str:
    """Facts in order as a list in Markdown."""
    return "\n".join(
        f"- {name.replace('_', ' ')}: {in_words(value)}" for name, value in facts.items()
    )


def _shown(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {key: _shown(item, key) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    if name == "seconds":
        return _duration(value)
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= _LEAST_GROUPED and name != "seed" else str(value)
    return f"{value:.4g}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {left} s"
