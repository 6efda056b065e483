"""Tables in Markdown of what `recordings.py` measured."""

from collections.abc import Iterable, Mapping
from typing import Any

Cells = Mapping[str, Mapping[str, Mapping[str, Any]]]

NAMES = {
    "gnuradio": "GNU Radio",
    "liquid": "liquid-dsp",
    "torchsig": "TorchSig",
    "rfmae": "rfmae itself",
}


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def overview(found: Mapping[str, Any]) -> str:
    """Per cent right / wrong / wrong above a probability of a half, by origin and SNR."""
    points = _points(_known(found).values())
    rows = (
        [NAMES[origin], *(_outcomes(_summed(cells, point)) for point in points)]
        for origin, cells in _known(found).items()
    )
    return table(["origin", *map(_decibels, points)], rows)


def by_class(cells: Cells) -> str:
    """Per cent right / wrong of each class of an origin, by SNR."""
    points = _points([cells])
    rows = (
        [truth, *(_right_and_wrong(by_point.get(point)) for point in points)]
        for truth, by_point in cells.items()
    )
    return table(["class", *map(_decibels, points)], rows)


def estimates(found: Mapping[str, Any]) -> str:
    """Per cent of the symbol rates that were found, and the error of the carrier, by SNR."""
    points = _points(_known(found).values())
    rows = []
    for origin, cells in _known(found).items():
        digital = {name: part for name, part in cells.items() if _has_rate(part)}
        rows.append(
            [NAMES[origin], "symbol rate", *(_rates(_summed(digital, point)) for point in points)]
        )
        rows.append([NAMES[origin], "carrier", *(_carriers(digital, point) for point in points)])
    return table(["origin", "of", *map(_decibels, points)], rows)


def unknowns(found: Mapping[str, Any]) -> str:
    """What signals of no class were taken for."""
    rows = (
        [
            kind,
            f"{row['count']:,}",
            _per_cent(row["falsely_named"], row["count"]),
            _per_cent(row["surely"], row["count"]),
            "–" if row["auroc"] is None else f"{row['auroc']:.3f}",
        ]
        for kind, row in found["novelty"].items()
    )
    heads = [
        "signal",
        "recordings",
        "named a class, %",
        "above 0.5, %",
        "AUROC of the outlier score",
    ]
    return table(heads, rows)


def real(found: Mapping[str, Any]) -> str:
    """Recordings of real signals, the bursts seen in each and what most of them were named."""
    rows = (
        [
            row["name"],
            row["truth"],
            f"{row['bursts']:,}",
            row["answer"],
            "–" if row["probability"] is None else f"{row['probability']:.2f}",
            _rate(row["symbol_rate_hz"]),
            _rate(row["stated_rate_hz"]),
        ]
        for row in found["real"]
    )
    heads = ["recording", "truth", "bursts", "answer", "probability", "symbol rate, Bd", "stated"]
    return table(heads, rows)


def _known(found: Mapping[str, Any]) -> dict[str, Cells]:
    return {name: found["origins"][name] for name in NAMES if name in found["origins"]}


def _points(origins: Iterable[Cells]) -> list[str]:
    named = {point for cells in origins for by_point in cells.values() for point in by_point}
    return sorted(named, key=float)


def _summed(cells: Cells, point: str) -> dict[str, int]:
    total: dict[str, int] = {}
    for by_point in cells.values():
        for name, value in by_point.get(point, {}).items():
            if isinstance(value, int):
                total[name] = total.get(name, 0) + value
    return total


def _outcomes(cell: Mapping[str, int]) -> str:
    if not cell:
        return "–"
    names = ("right", "wrong", "confidently_wrong")
    return " / ".join(_per_cent(cell[name], cell["count"]) for name in names)


def _right_and_wrong(cell: Mapping[str, Any] | None) -> str:
    if cell is None:
        return "–"
    return " / ".join(_per_cent(cell[name], cell["count"]) for name in ("right", "wrong"))


def _has_rate(by_point: Mapping[str, Mapping[str, Any]]) -> bool:
    return any(cell["rates"] for cell in by_point.values())


def _rates(cell: Mapping[str, int]) -> str:
    if not cell:
        return "–"
    found, said = cell["rates_found"], cell["rates"]
    return f"{_per_cent(found, cell['count'])} / {_per_cent(said, cell['count'])}"


def _carriers(cells: Cells, point: str) -> str:
    """The median over classes of their median error, in per cent of the bandwidth."""
    errors = [
        by_point[point]["carrier_error"]
        for by_point in cells.values()
        if point in by_point and by_point[point]["carrier_error"] is not None
    ]
    return f"{100 * sorted(errors)[len(errors) // 2]:.3g}" if errors else "–"


def _per_cent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f}" if whole else "–"


def _rate(value_hz: float | None) -> str:
    return "–" if value_hz is None else f"{value_hz:,.1f}"


def _decibels(point: str) -> str:
    return f"{point} dB".replace("-", "−")
