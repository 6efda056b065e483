"""A band of a recording that a user names, and the recording within it."""

import math
from dataclasses import dataclass, replace

from rfmae.captures.record import Annotation, Capture, Segment
from rfmae.errors import UnitError
from rfmae.signal.band import select_band

_NARROWEST = 10.0  # over the length of a recording, for a filter of that order to fit in
_FACTORS = {"k": 1e3, "M": 1e6, "G": 1e9}


@dataclass(frozen=True, slots=True)
class Band:
    """Two frequencies in Hz: from the centre of a recording, or as the radio was tuned."""

    low_hz: float
    high_hz: float

    def __post_init__(self) -> None:
        if not self.low_hz < self.high_hz or not math.isfinite(self.high_hz - self.low_hz):
            raise UnitError(
                f"--band must be LOW:HIGH with the lower edge first, got "
                f"{self.low_hz:g}:{self.high_hz:g}"
            )

    def __str__(self) -> str:
        return f"{self.low_hz:,.12g} to {self.high_hz:,.12g} Hz"


def parse_band(text: str) -> Band:
    """The band of LOW:HIGH in Hz; k, M and G may follow a number.

    >>> parse_band("-20k:15e3")
    Band(low_hz=-20000.0, high_hz=15000.0)
    """
    low, _, high = text.partition(":")
    try:
        return Band(_hertz(low), _hertz(high))
    except ValueError as problem:
        raise UnitError(
            f"--band must be LOW:HIGH in Hz, such as -20e3:15e3 or 433.9M:434M, got {text!r}"
        ) from problem


def _hertz(text: str) -> float:
    text = text.strip()
    factor = _FACTORS.get(text[-1:], 1.0)
    return float(text if factor == 1.0 else text[:-1]) * factor


def centre_of(capture: Capture) -> float:
    """The frequency that a recording was tuned to in Hz; nan where none or several are stated."""
    stated = {segment.centre_frequency_hz for segment in capture.segments}
    return stated.pop() if len(stated) == 1 else math.nan


def from_the_centre(capture: Capture, band: Band) -> Band:
    """A band from the centre of a recording: as named where it lies there at the radio's.

    Raises:
        UnitError: A band that is outside of the recording either way.
    """
    half, centre_hz = capture.sample_rate_hz / 2, centre_of(capture)
    for origin in (centre_hz, 0.0):
        low, high = band.low_hz - origin, band.high_hz - origin
        if -half <= low and high <= half:
            return Band(low, high)
    stated = "" if math.isnan(centre_hz) else f", or {centre_hz - half:g}:{centre_hz + half:g}"
    raise UnitError(
        f"--band must lie within {-half:g}:{half:g} Hz from the centre of "
        f"{capture.path.name}{stated}, got {band.low_hz:g}:{band.high_hz:g}"
    )


def within(capture: Capture, band: Band) -> Capture:
    """The recording within a band, whose middle becomes its centre, at a rate that suits it."""
    chosen = from_the_centre(capture, band)
    narrowest_hz = _NARROWEST * capture.sample_rate_hz / max(len(capture.iq), 1)
    if chosen.high_hz - chosen.low_hz < narrowest_hz:
        raise UnitError(
            f"--band must be {narrowest_hz:.3g} Hz wide at least, {_NARROWEST:g} over the length "
            f"of {capture.path.name}, got {chosen}"
        )
    iq, step = select_band(capture.iq, capture.sample_rate_hz, chosen.low_hz, chosen.high_hz)
    middle_hz = (chosen.low_hz + chosen.high_hz) / 2
    return replace(
        capture,
        iq=iq,
        sample_rate_hz=capture.sample_rate_hz / step,
        annotations=tuple(
            _moved(mark, step, middle_hz)
            for mark in capture.annotations
            if not (mark.low_hz > chosen.high_hz or mark.high_hz < chosen.low_hz)
        ),
        segments=tuple(
            Segment(each.start // step, each.centre_frequency_hz + middle_hz, each.datetime)
            for each in capture.segments
        ),
        datatype="cf32_le",
    )


def _moved(mark: Annotation, step: int, middle_hz: float) -> Annotation:
    """An annotation in the samples and about the centre of a band."""
    return replace(
        mark,
        start=mark.start // step,
        count=-(-mark.count // step),
        low_hz=mark.low_hz - middle_hz,
        high_hz=mark.high_hz - middle_hz,
    )
