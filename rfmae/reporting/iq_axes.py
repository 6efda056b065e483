"""Units, titles and looks of the axes that plots of I/Q share."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import SubFigure

from rfmae.errors import ShapeError
from rfmae.reporting.iq_excerpt import Excerpt

_FEWEST_SAMPLES = 16  # of a spectrum
_LARGEST_UNIT = {"Hz": ((1e9, "GHz"), (1e6, "MHz"), (1e3, "kHz")), "s": ()}
_SMALLEST_UNIT = {"Hz": (), "s": ((1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))}


def need_samples(excerpt: Excerpt) -> None:
    """Refuse a spectrum of too few samples."""
    if excerpt.iq.size < _FEWEST_SAMPLES:
        raise ShapeError(
            f"a spectrum needs at least {_FEWEST_SAMPLES} samples, got {excerpt.iq.size}"
        )


def part_words(part: slice, excerpt: Excerpt) -> str:
    """Which samples a plot shows: all of them, or those of a part, with its time."""
    whole = part.stop - part.start == excerpt.iq.size
    if whole:
        return excerpt.count
    words = f"{part.start:,} to {part.stop - 1:,} of {excerpt.count}"
    if not timed(excerpt) or excerpt.samples_per_symbol == 1:
        return words
    scale, unit = unit_of((part.stop - 1) / excerpt.rate, "s")
    first, last = (sample / excerpt.rate / scale for sample in (part.start, part.stop - 1))
    return f"{words}, {first:.4g} to {last:.4g} {unit}"


def frequency_unit(excerpt: Excerpt) -> tuple[float, str]:
    """Scale and name of the unit of frequencies: MHz where they are those of the radio."""
    if not timed(excerpt):
        return 1.0, "cycles per sample"
    if excerpt.centre_hz:
        return (1e6, "MHz") if abs(excerpt.centre_hz) >= 1e6 else (1e3, "kHz")
    return unit_of(excerpt.rate / 2, "Hz")


def timed(excerpt: Excerpt) -> bool:
    """Whether its axes are in Hz and seconds."""
    return math.isfinite(excerpt.sample_rate_hz)


def density_unit(excerpt: Excerpt) -> str:
    """The unit of a power density."""
    return (
        "power density in dB per Hz" if timed(excerpt) else "power density in dB per cycle/sample"
    )


def unit_of(largest: float, base: str) -> tuple[float, str]:
    """Scale and name of the unit that suits the largest value."""
    steps = (*_LARGEST_UNIT[base], (1.0, base), *_SMALLEST_UNIT[base])
    return next(((scale, unit) for scale, unit in steps if largest >= scale), steps[-1])


def panel_title(panel: SubFigure, words: str, axes: Sequence[Axes]) -> None:
    """The title of a panel; a single plot takes it itself."""
    if len(axes) == 1:
        axes[0].set_title(words, fontsize=10)
    else:
        panel.suptitle(words, fontsize=10)


def legend(axes: Axes) -> None:
    """The names of what is drawn."""
    axes.legend(fontsize=8, loc="upper right", framealpha=0.85, edgecolor="none", markerscale=2)


def plain(axes: Axes) -> None:
    """A faint grid and two spines."""
    axes.grid(alpha=0.2)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
