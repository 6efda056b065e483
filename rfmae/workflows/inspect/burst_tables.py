"""The bursts of a recording as a table: one row each, many that are alike in one row."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from rfmae.bursts.records import BurstAnswer, RecordingAnswer
from rfmae.captures.record import Capture, Segment
from rfmae.workflows.inspect.bands import centre_of
from rfmae.workflows.inspect.burst_words import (
    NOTHING,
    decibels,
    estimate_words,
    second_digits,
    shortest,
    si,
    span,
)

HEADS = [
    *("time in s", "centre", "bandwidth", "SNR", "modulation", "probability"),
    *("symbol rate", "carrier offset"),
]
"""What the columns of the table are."""

_MOST_ALIKE = 8  # bursts of one kind that have a row each
_FINE = 50  # parts of a bandwidth that its centre is given to
_CLOSE = 0.4  # of a bandwidth: centres of one band


@dataclass(frozen=True, slots=True)
class BurstRow:
    """Cells of one burst or of a run of alike ones, and lines beneath them."""

    cells: tuple[str, ...]
    beneath: tuple[str, ...] = ()


def heading(capture: Capture, answer: RecordingAnswer) -> str:
    """One line about a recording: how many bursts, how long it is, how it was tuned."""
    count = len(answer.bursts)
    nothing = "noise alone, no burst," if math.isfinite(answer.noise_density_db) else "no signal"
    bursts = f"{count:,} burst{'' if count == 1 else 's'}" if count else nothing
    rate_hz = answer.sample_rate_hz
    length = f"{answer.samples / rate_hz:.6g} s at {shortest(rate_hz, 'samples/s')}"
    centre_hz = centre_of(capture)
    tuned = "" if math.isnan(centre_hz) else f" around {shortest(centre_hz, 'Hz')}"
    labelled = f" (labelled {', '.join(capture.labels)})" if capture.labels else ""
    return f"{capture.path}: {bursts} in {length}{tuned}{labelled}"


def burst_rows(
    answer: RecordingAnswer, segments: Sequence[Segment], *, windows: bool = False
) -> list[BurstRow]:
    """The rows of the bursts in their order; with `windows` also each part of a burst.

    Centres are those of the radio where `segments` state them, else from the centre of the
    recording.
    """
    least = min((burst.stop - burst.start for burst in answer.bursts), default=1)
    digits = second_digits(least, answer.sample_rate_hz)
    named = [burst for burst in answer.bursts if windows or not burst.is_too_short]
    rows = []
    for family in _families(named):
        if len(family) > _MOST_ALIKE and not windows:
            row = _folded(family, segments, answer.sample_rate_hz, digits)
            rows.append((family[0].start, row))
            continue
        for burst in family:
            cells = _cells(burst, segments, answer.sample_rate_hz, digits)
            parts = _window_lines(burst) if windows else ()
            rows.append((burst.start, BurstRow(cells, (*_reason_lines(burst), *parts))))
    return [row for _, row in sorted(rows, key=lambda item: item[0])]


def burst_notes(answer: RecordingAnswer) -> list[str]:
    """What is to be known of the whole, and of bursts: each note once, with how many have it."""
    counts = Counter(note for burst in answer.bursts for note in burst.notes)
    short = sum(burst.is_too_short for burst in answer.bursts)
    bursts = "1 burst (--windows lists it)" if short == 1 else f"{short:,} bursts"
    listed = "" if short == 1 else " (--windows lists them)"
    left_out = [f"too short to be named: {bursts}{listed}"] if short else []
    named = (_counted(note, count) for note, count in counts.items())
    return [*answer.notes, *named, *left_out]


def centre_at(segments: Sequence[Segment], sample: int) -> float:
    """The frequency that the radio was tuned to at a sample, nan where none is stated."""
    begun = [each.centre_frequency_hz for each in segments if each.start <= sample]
    return begun[-1] if begun else math.nan


def _families(bursts: Sequence[BurstAnswer]) -> list[list[BurstAnswer]]:
    """Bursts that are of one band and have one answer, whatever lies between them."""
    families: list[list[BurstAnswer]] = []
    for burst in bursts:
        for family in families:
            if _alike(family[0], burst):
                family.append(burst)
                break
        else:
            families.append([burst])
    return families


def _alike(one: BurstAnswer, other: BurstAnswer) -> bool:
    width = max(one.bandwidth_hz, other.bandwidth_hz)
    near = abs(one.centre_hz - other.centre_hz) <= _CLOSE * width
    as_wide = width <= 3 * min(one.bandwidth_hz, other.bandwidth_hz)
    return near and as_wide and one.modulation == other.modulation


def _cells(
    burst: BurstAnswer, segments: Sequence[Segment], rate_hz: float, digits: int
) -> tuple[str, ...]:
    return (
        span(burst.start, burst.stop, rate_hz, digits),
        centre_words(burst.centre_hz, burst.bandwidth_hz, centre_at(segments, burst.start)),
        si(burst.bandwidth_hz, "Hz", burst.bandwidth_hz / _FINE),
        decibels(burst.snr_db),
        burst.modulation,
        f"{burst.probability:.2f}" if burst.is_known else NOTHING,
        estimate_words(burst.symbol_rate_hz, "Bd"),
        estimate_words(burst.carrier_hz, "Hz", signed=True),
    )


def centre_words(centre_hz: float, bandwidth_hz: float, radio_hz: float) -> str:
    """A centre at radio frequency where the radio's is stated, else with its sign."""
    resolution = bandwidth_hz / _FINE
    if math.isnan(radio_hz):
        return si(centre_hz, "Hz", resolution, signed=True)
    return si(radio_hz + centre_hz, "Hz", resolution)


def _reason_lines(burst: BurstAnswer) -> tuple[str, ...]:
    """Why a burst is none of the classes, and which of them is the most probable."""
    if burst.is_known:
        return ()
    likely = f"the most probable class is {burst.best}, {burst.probability:.2f}"
    return (*(f"{burst.modulation}: {reason}" for reason in burst.reasons), likely)


def _window_lines(burst: BurstAnswer) -> Iterator[str]:
    """Each part of a burst with its most probable class."""
    if burst.windows is None:
        return
    names = list(burst.probabilities)
    for number, row in enumerate(np.asarray(burst.windows)):
        best = int(row.argmax())
        yield f"window {number}: {names[best]}, {row[best]:.2f}"


def _folded(
    run: Sequence[BurstAnswer], segments: Sequence[Segment], rate_hz: float, digits: int
) -> BurstRow:
    """One row of many bursts: medians, the lowest probability, reasons with their counts."""
    first, last = run[0], max(run, key=lambda burst: burst.stop)
    width = median(burst.bandwidth_hz for burst in run)
    centre = median(burst.centre_hz for burst in run)
    seen = [burst.snr_db for burst in run if math.isfinite(burst.snr_db)]
    rates = [burst.symbol_rate_hz.value for burst in run if burst.symbol_rate_hz is not None]
    carriers = [burst.carrier_hz.value for burst in run if burst.carrier_hz is not None]
    cells = (
        f"{len(run)} bursts, {span(first.start, last.stop, rate_hz, digits)}",
        centre_words(centre, width, centre_at(segments, first.start)),
        si(width, "Hz", width / _FINE),
        decibels(median(seen)) if seen else NOTHING,
        first.modulation,
        f"≥ {min(burst.probability for burst in run):.2f}" if first.is_known else NOTHING,
        si(median(rates), "Bd", median(rates) / 1000) if rates else NOTHING,
        si(median(carriers), "Hz", width / _FINE, signed=True) if carriers else NOTHING,
    )
    reasons = Counter(reason for burst in run if not burst.is_known for reason in burst.reasons)
    lines = (f"{first.modulation}: {_counted(text, count)}" for text, count in reasons.items())
    return BurstRow(cells, ("medians of them", *lines))


def _counted(text: str, count: int) -> str:
    return text if count == 1 else f"{text} ({count} bursts)"
