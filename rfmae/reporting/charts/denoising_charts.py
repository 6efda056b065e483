"""Charts of a denoising evaluation: image quality and recognition against SNR."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rfmae.records import DenoiseReport, FloatArray, Recognition
from rfmae.reporting.charts.accuracy_charts import Styles, accuracy_lines, snr_axis
from rfmae.reporting.charts.chart import (
    Axis,
    Chart,
    Note,
    Panels,
    Series,
    percent_axis,
    range_of,
)
from rfmae.reporting.denoising_tables import MEASURES
from rfmae.reporting.palette import QUIET, style, styles_of

_ANSWER = "reconstruction"  # drawn thicker than the references
_NEVER_TRAINED = "unmasked"  # so far off at times that nothing else could be seen
_PLACES = ("reconstruction", "noisy", "median", "class mean", "Wiener", "non-local means",
           "unmasked", "linear optimum", "clean")  # fmt: skip
_STYLES = {
    **{name: style(place) for place, name in enumerate(_PLACES)},
    "mask average": style(_PLACES.index("unmasked")),  # the two never occur together
    "blank": QUIET,
}
"""An answer looks the same in every chart."""


def quality_panels(report: DenoiseReport) -> Panels:
    """A chart for each measure: the reconstruction and its references with 95 % intervals."""
    measures = [name for name in MEASURES if report.of(name)] or ["psnr_db", "ssim"]
    styles = _answer_styles(report)
    charts = tuple(
        _quality_chart(report, measure, lines)
        for measure in measures
        if (lines := _lines(report, measure, styles))
    )
    total = int(report.examples_per_snr.sum())
    return Panels(f"Similarity to the clean image, means over {total:,} single images", charts)


def recognition_panels(recognition: Recognition) -> Panels:
    """Accuracy in % of one classifier against SNR on noisy, denoised and clean images."""
    first = next(iter(recognition.accuracy.values()))
    chart = Chart(
        f"accuracy of {recognition.classifier} in %",
        snr_axis(first.snr_db, first.snr_reference),
        percent_axis("accuracy in %"),
        accuracy_lines(recognition.accuracy, styles_of(recognition.accuracy, _STYLES)),
        about=f"Accuracy of {recognition.classifier} against SNR",
        shape="wide",
    )
    title = f"{recognition.classifier} on {first.examples:,} test examples, 95 % Wilson intervals"
    return Panels(title, (chart,))


def _answer_styles(report: DenoiseReport) -> Styles:
    return styles_of([*report.answers, *(item.answer for item in report.likeness)], _STYLES)


def _quality_chart(report: DenoiseReport, measure: str, lines: Sequence[Series]) -> Chart:
    title = MEASURES[measure][0]
    trained = [line for line in lines if line.name != _NEVER_TRAINED or measure != "evm_percent"]
    low, high = range_of(trained)
    shown = tuple(_within(line, low, high) for line in lines)
    lost = [line.name for line, one in zip(lines, shown, strict=True) if one is not line]
    axis = snr_axis(report.snr_db, report.snr_reference)
    place = (axis.low + 0.4 * (axis.high - axis.low), high - 0.05 * (high - low))
    notes = (Note(place, f"off the scale: {', '.join(lost)}"),) if lost else ()
    return Chart(title, axis, Axis(title, low, high), shown, notes=notes,
                 about=f"{title} against SNR")  # fmt: skip


def _within(line: Series, low: float, high: float) -> Series:
    """A line without its points off the scale; the same one where all are on it."""
    y = np.asarray(line.y, float)
    inside = (y >= low) & (y <= high)
    if (inside | ~np.isfinite(y)).all():
        return line
    bounds = line.bounds
    if bounds is not None:
        bounds = np.where(inside[:, None], np.clip(bounds, low, high), np.nan)
    return replace(line, y=np.where(inside, y, np.nan), bounds=bounds)


def _lines(report: DenoiseReport, measure: str, styles: Styles) -> list[Series]:
    kept = report.of(measure)
    bare: dict[str, FloatArray] = {"psnr_db": report.psnr_db, "ssim": report.ssim}.get(measure, {})
    if not kept:
        return [_line(name, report.snr_db, values, styles) for name, values in bare.items()]
    lines = []
    for name, item in kept.items():
        mean = item.per_snr
        if not mean.examples.any():
            continue
        value = np.where(mean.examples > 0, mean.value, np.nan)
        half = np.nan_to_num(mean.half)
        line = _line(name, report.snr_db, value, styles)
        lines.append(replace(line, bounds=np.stack([value - half, value + half], axis=1)))
    return lines


def _line(name: str, snr_db: Sequence[float], values: FloatArray, styles: Styles) -> Series:
    line = Series(name, snr_db, values, styles[name])
    return replace(line, weight="strong") if name == _ANSWER else line
