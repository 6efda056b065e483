"""The output of `show`: facts, counts, annotations of a recording, the sketch."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from rfmae_cli import console

_MOST_MARKS = 12  # annotations of a recording that are listed
_LARGEST_TABLE = 30  # SNR points that fit on a line

_TABLES = (
    "recipe", "counts", "drawn_ranges", "notes", "segments", "annotations", "recordings",
    "last_figures",
)  # fmt: skip
_WRITTEN = {"hz": "Hz", "db": "dB", "ppm": "ppm", "turns": "turns", "degrees": "degrees"}
_UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def print_facts(
    facts: dict[str, Any], caption: str, sketch: Sequence[str], plain: Sequence[str] = ()
) -> None:
    """Everything, long lists as tables; the plain sketch where braille cannot be encoded."""
    _print_facts({name: value for name, value in facts.items() if name not in _TABLES})
    if "counts" in facts:
        _print_facts(_recipe_facts(facts.get("recipe", {})))
        _print_ranges(facts["drawn_ranges"])
        _print_counts(dict(facts["counts"]))
    for note in facts.get("notes", []):
        console.say(f"note: {note}")
    _print_records("recording", facts.get("recordings", []))
    _print_records("segment", facts.get("segments", []))
    _print_records("annotation", facts.get("annotations", []))
    _print_sketch(caption, sketch if _can_say("".join(sketch)) else plain)


def _print_sketch(caption: str, lines: Sequence[str]) -> None:
    if lines:
        console.say(f"\n{caption}")
    for line in lines:
        console.say(line)


def _print_facts(facts: dict[str, Any]) -> None:
    result = dict(_lines(facts))
    width = max(map(len, result), default=0)
    for name, value in result.items():
        console.say(f"{name:<{width}}  {value}")


def _lines(facts: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Names and values, nested names after those of their parents."""
    for name, value in facts.items():
        if isinstance(value, dict):
            yield from _lines(value, f"{prefix}{name} ")
        elif name == "bytes":
            yield "size on disk", _size(value)
        else:
            words = ", ".join(map(_short, value)) if isinstance(value, list) else _short(value)
            yield _in_words(f"{prefix}{name}"), words


def _recipe_facts(recipe: dict[str, Any]) -> dict[str, Any]:
    """The signal settings of a recipe, without disabled effects."""
    source = {**recipe.get("source", {})}
    source.pop("modulations", None)  # the classes
    return {"source": _switched_on(source)} if source else {}


def _switched_on(facts: dict[str, Any]) -> dict[str, Any]:
    result = {}
    for name, value in facts.items():
        if isinstance(value, dict):
            if value and next(iter(value.values())) != "none":
                result[name] = _switched_on(value)
        elif value != "none":
            result[name] = value
    return result


def _print_ranges(ranges: dict[str, list[float]]) -> None:
    if ranges:
        console.say("")
        rows = [[name, f"{low:.4g}", f"{high:.4g}"] for name, (low, high) in ranges.items()]
        console.say_table(["sampled per example", "least", "largest"], rows)


def _print_counts(counts: dict[str, Any]) -> None:
    """A line for each split with equal counts of all classes and SNR points, else a table."""
    points = ["not stated" if point is None else f"{point:g}" for point in counts.pop("snr_db")]
    console.say("")
    for split, table in counts.items():
        cells = [count for row in table.values() for count in row]
        words = (
            f"{split}: {sum(cells)} examples of {len(table)} classes at {len(points)} SNR points"
        )
        if len(set(cells)) == 1:
            console.say(f"{words}, {cells[0]} of each")
        elif len(points) > _LARGEST_TABLE:
            console.say(f"{words}, {min(cells)} to {max(cells)} of each")
        else:
            console.say(words)
            rows = [[name, *map(str, row)] for name, row in table.items()]
            console.say_table(["SNR in dB", *points], rows)


def _print_records(what: str, records: list[dict[str, Any]]) -> None:
    if not records:
        return
    heads = list(dict.fromkeys(name for record in records for name in record))
    rows = [
        [str(number), *(" ".join(_short(record.get(name, "")).split()) for name in heads)]
        for number, record in enumerate(records[:_MOST_MARKS])
    ]
    console.say("")
    console.say_table([what, *map(_in_words, heads)], rows)
    if len(records) > _MOST_MARKS:
        console.say(f"and {len(records) - _MOST_MARKS} more; --json lists all")


def _can_say(text: str) -> bool:
    """Whether standard output can encode the characters of a sketch."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _in_words(name: str) -> str:
    """A name of a card in words, with its unit at the end."""
    stem, _, unit = name.rpartition("_")
    named = f"{stem} in {_WRITTEN[unit]}" if unit in _WRITTEN else name
    return named.replace("_", " ")


def _size(n_bytes: int) -> str:
    scale, unit = next((step for step in _UNITS if n_bytes >= step[0]), (1, "bytes"))
    return f"{n_bytes / scale:.4g} {unit}"


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_short, value))
    if isinstance(value, dict):  # such as a plane: what, how and its numbers
        return " ".join(_short(item) for item in value.values() if item)
    if value is None:
        return "none"
    return f"{value:.10g}" if isinstance(value, float) else str(value)
