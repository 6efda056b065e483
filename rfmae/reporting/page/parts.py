"""Parts of the page of a report: tiles, and charts with their legends."""

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from rfmae.records import Assessment, Transfer, TransferCell
from rfmae.reporting.charts.chart import Chart, Panels
from rfmae.reporting.charts.report_charts import charts_of
from rfmae.reporting.page.svg_pen import drawn, key
from rfmae.reporting.report_record import Report
from rfmae.reporting.transfer_figure import texts_of
from rfmae.reporting.transfer_words import remarks


@dataclass(frozen=True, slots=True)
class Tile:
    """One value in large print."""

    label: str
    value: str
    beside: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One name of a legend with its key: a drawing, or the colour of an area."""

    name: str
    key: Markup
    colour: str


@dataclass(frozen=True, slots=True)
class DrawnPanels:
    """Charts as SVG by their titles, and what their legend names."""

    title: str
    charts: tuple[tuple[str, Markup], ...]
    legends: tuple[tuple[Entry, ...], ...]  # of each chart
    legend: tuple[Entry, ...]  # of all of them, each name once


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the matrix of models and data sets."""

    share: float | None
    texts: tuple[str, ...]
    is_home: bool
    about: str


@dataclass(frozen=True, slots=True)
class Fields:
    """The whole matrix, data sets down."""

    models: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Field, ...]], ...]
    remarks: tuple[str, ...]


def transfer_fields(found: Transfer) -> Fields:
    """The matrix of a transfer as the page shows it."""
    return Fields(
        found.models,
        tuple((data, tuple(map(_field, found.of(data)))) for data in found.data),
        tuple(
            f"{cell.model} on {cell.data}: {words}"
            for cell in found.cells
            for words in remarks(cell)
        ),
    )


def _field(cell: TransferCell) -> Field:
    share = cell.accuracy
    counted = f"{share.hits:,} of {share.examples:,} right" if share else cell.why
    about = f"{cell.model} on {cell.data}: {counted}"
    return Field(share.value if share else None, texts_of(cell), cell.is_home, about)


def snr_points(report: Report) -> tuple[float, ...]:
    """The SNR points that the slider stops at."""
    if report.accuracy:
        return next(iter(report.accuracy.values())).snr_db
    if report.denoising is not None:
        return report.denoising.snr_db
    return tuple(sorted({row.snr_db for row in report.gallery}))


def drawn_panels(report: Report) -> dict[str, DrawnPanels]:
    """Every chart of a report, by the name of its figure."""
    return {name: _drawn_panels(panels) for name, panels in charts_of(report).items()}


def _drawn_panels(panels: Panels) -> DrawnPanels:
    legends = tuple(tuple(_legend(chart)) for chart in panels.charts)
    return DrawnPanels(
        panels.title,
        tuple((chart.title, Markup(drawn(chart))) for chart in panels.charts),
        legends,
        tuple({entry.name: entry for legend in legends for entry in legend}.values()),
    )


def _legend(chart: Chart) -> Iterator[Entry]:
    """Names of areas and lines; drawings escape their own texts."""
    for area in chart.areas:
        if area.name:
            yield Entry(area.name, Markup(), area.colour)
    for series in chart.series:
        if series.name:
            yield Entry(series.name, Markup(key(series)), series.style.colour)


def tiles_of(report: Report) -> list[Tile]:
    """The main results of the first model."""
    if not report.accuracy:
        return []
    name, first = next(iter(report.accuracy.items()))
    low, high = (100 * bound for bound in first.interval)
    tiles = [Tile("accuracy", f"{100 * first.accuracy:.1f} %", f"{low:.1f}–{high:.1f}, {name}")]
    assessment = report.assessments.get(name)
    tiles += _ceiling_tiles(report, assessment)
    return tiles + (_confidence_tiles(assessment) if assessment else [])


def _ceiling_tiles(report: Report, assessment: Assessment | None) -> list[Tile]:
    limit = _limit_of(report, assessment)
    if limit is None:
        return []
    first, ceiling = next(iter(report.accuracy.values())), report.ceilings[limit]
    weights = first.examples_per_snr / max(first.examples, 1)
    reached = float(weights @ ceiling.accuracy)
    ratio = f"{100 * first.accuracy / max(reached, 1e-9):.1f} %"
    if not ceiling.is_bound:
        return [
            Tile(f"ceiling, {limit}", f"≥ {100 * reached:.1f} %", "a lower bound"),
            Tile("of the lower bound", ratio, "accuracy over lower bound"),
        ]
    return [
        Tile(f"ceiling, {limit}", f"{100 * reached:.1f} %", "of the best receiver"),
        Tile("of the ceiling", ratio, "accuracy over ceiling"),
    ]


def _limit_of(report: Report, assessment: Assessment | None) -> str | None:
    """The ceiling that a model is compared with: its image's, else the first."""
    if assessment is not None and assessment.gap is not None:
        image = assessment.gap.image
        if image in report.ceilings:
            return image
    return next(iter(report.ceilings), None)


def _confidence_tiles(assessment: Assessment) -> list[Tile]:
    target, curve = assessment.selective.target_accuracy, assessment.selective
    error = f"{100 * assessment.calibration.ece:.1f} %"
    answered = f"{100 * curve.coverage_at_target:.0f} %"
    return [
        Tile("calibration error", error, "expected (ECE)"),
        Tile(f"coverage at {100 * target:g} %", answered, "the most confident examples"),
    ]
