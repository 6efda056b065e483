"""The bursts of a recording as a page: spectrogram, table, and each burst in detail."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from rfmae.artefacts import write_text
from rfmae.bursts.records import BurstAnswer, RecordingAnswer
from rfmae.captures.record import Capture
from rfmae.reporting.iq_excerpt import Excerpt, Mark
from rfmae.reporting.page.burst_page import (
    BurstPage,
    BurstSection,
    Constellation,
    burst_page,
    constellation_of,
    largest,
)
from rfmae.workflows.inspect.burst_tables import (
    HEADS,
    burst_notes,
    burst_rows,
    centre_at,
    centre_words,
    heading,
)
from rfmae.workflows.inspect.burst_words import decibels, estimate_words, second_digits, si, span
from rfmae.workflows.inspect.selection import excerpt_of

_MOST_SECTIONS = 60
_CLASSES = 8  # of which the probabilities are shown


def write_page(capture: Capture, answer: RecordingAnswer, target: Path) -> Path:
    """Write the page of a recording whole or not at all."""
    write_text(target, burst_page(_page(capture, answer), _excerpt(capture, answer)))
    return target


def _page(capture: Capture, answer: RecordingAnswer) -> BurstPage:
    rows = burst_rows(answer, capture.segments)
    shown = answer.bursts[:_MOST_SECTIONS]
    return BurstPage(
        title=capture.path.name,
        headline=heading(replace(capture, path=Path(capture.path.name)), answer),
        notes=(*capture.notes, *burst_notes(answer)),
        heads=tuple(HEADS),
        rows=tuple((row.cells, row.beneath) for row in rows),
        sections=tuple(_section(burst, capture, answer.sample_rate_hz) for burst in shown),
        left_out=len(answer.bursts) - len(shown),
    )


def _excerpt(capture: Capture, answer: RecordingAnswer) -> Excerpt:
    """The recording with its annotations and the bursts; samples that are no numbers are zeros."""
    marks = tuple(
        Mark(
            burst.start,
            burst.stop - burst.start,
            *burst.edges_hz,
            burst.modulation,
            is_found=True,
        )
        for burst in answer.bursts
    )
    finite = replace(capture, iq=np.nan_to_num(capture.iq, nan=0, posinf=0, neginf=0))
    return excerpt_of(finite, math.nan, "amplitude as stored", marks)


def _section(burst: BurstAnswer, capture: Capture, rate_hz: float) -> BurstSection:
    radio_hz = centre_at(capture.segments, burst.start)
    when = span(burst.start, burst.stop, rate_hz, second_digits(burst.stop - burst.start, rate_hz))
    centre = centre_words(burst.centre_hz, burst.bandwidth_hz, radio_hz)
    named = f"{burst.modulation}, {burst.probability:.2f}" if burst.is_known else burst.modulation
    return BurstSection(
        title=f"{when} s, {centre}: {named}",
        is_known=burst.is_known,
        facts=tuple(_facts(burst, rate_hz)),
        reasons=burst.reasons,
        shares=tuple(largest(burst.probabilities, _CLASSES)),
        constellations=_constellations(burst),
    )


def _facts(burst: BurstAnswer, rate_hz: float) -> list[tuple[str, str]]:
    """What was estimated, and how surely; what was not measured is left out."""
    length = burst.stop - burst.start
    facts = [
        ("samples", f"{burst.start:,} to {burst.stop - 1:,} ({length:,})"),
        ("bandwidth", si(burst.bandwidth_hz, "Hz", burst.bandwidth_hz / 50)),
    ]
    if math.isfinite(burst.snr_db):
        facts.append(("SNR in its band", decibels(burst.snr_db)))
    estimates = {
        "symbol rate": (burst.symbol_rate_hz, "Bd", False),
        "carrier offset": (burst.carrier_hz, "Hz", True),
        "roll-off": (burst.roll_off, "", False),
        "Es/N0": (burst.symbol_snr_db, "dB", False),
    }
    facts += [
        (name, estimate_words(value, unit, signed=signed))
        for name, (value, unit, signed) in estimates.items()
        if value is not None
    ]
    return [*facts, *(("note", note) for note in burst.notes)]


def _constellations(burst: BurstAnswer) -> tuple[Constellation, ...]:
    """Samples before the receiver and symbols behind it, where there are any."""
    pairs = (("before the receiver", burst.received), ("after the receiver", burst.symbols))
    return tuple(constellation_of(name, iq) for name, iq in pairs if iq is not None and len(iq) > 0)
