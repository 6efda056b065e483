"""What is estimated of a burst whose modulation is known: each family by its own method."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rfmae.bursts.features.lines import Peak
from rfmae.bursts.features.shapes import instantaneous_frequency
from rfmae.bursts.features.timing import fundamental, squared_peaks
from rfmae.bursts.features.vector import LEAST_SAMPLES, Measured, band_passed
from rfmae.records import ComplexArray
from rfmae.signal.blind import Estimate, ReceiveOptions, receive
from rfmae.signal.blind.lines import Line, strongest_line
from rfmae.signal.blind.synchronising import upsampled
from rfmae.signal.detection import Isolated

_LONGEST = 2**17  # samples of a burst that estimates are made of
_MOST_PARTS = 8
_CRITICAL = 0.25  # cycles per sample
_OUTLIER = 5.0  # standard errors from the median
_BESIDE = 0.02  # cycles per sample around a line that is measured again
_OWN_RECEIVER = ("OOK", "BPSK", "QPSK", "8PSK", "4PAM", "16QAM", "64QAM", "16APSK", "π/4-DQPSK")
_PAIRED = {"OQPSK": 0.5, "GMSK/MSK": 1.0}  # symbol rates in the distance of the lines of the square
_SHIFT_KEYED = ("2FSK/GFSK", "4FSK")


@dataclass(frozen=True, slots=True)
class Estimates:
    """Values with their standard errors, in Hz from the centre of the isolated burst; or None."""

    symbol_rate: Estimate | None = None
    carrier: Estimate | None = None
    roll_off: Estimate | None = None
    symbol_snr_db: Estimate | None = None
    symbols: ComplexArray = field(default_factory=lambda: np.zeros(0, np.complex64))
    notes: tuple[str, ...] = ()


def estimates_of(
    modulation: str,
    parts: Sequence[Isolated],
    measured: Measured,
    rate_hz: float,
    roll_off: float | None,
    told_rate: float | None,
) -> Estimates:
    """Estimates of a burst of a modulation, from the longest of its parts; `rate_hz` is theirs."""
    part = max(parts, key=lambda item: item.stop - item.first)
    iq = part.iq[part.first : part.stop][:_LONGEST]
    if modulation in _OWN_RECEIVER:
        return _received(iq, measured, rate_hz, roll_off, told_rate)
    if modulation in _PAIRED:
        return _of_pair(parts, measured, rate_hz, _PAIRED[modulation])
    if modulation in _SHIFT_KEYED:
        return _of_frequency(parts, measured, rate_hz)
    if modulation == "AM":
        line = strongest_line(iq, 0.0, 1.0)
        offset = (line.frequency + 0.5) % 1.0 - 0.5
        carrier = Estimate(offset, line.standard_error).times(rate_hz) if line.found else None
        return Estimates(carrier=carrier)
    return Estimates()


def _received(
    iq: ComplexArray,
    measured: Measured,
    rate_hz: float,
    roll_off: float | None,
    told_rate: float | None,
) -> Estimates:
    """Of a linear modulation: what the receiver found, and its symbols."""
    told_hz = None if told_rate is None else told_rate * rate_hz
    found = receive(iq, ReceiveOptions(rate_hz, told_hz, roll_off=roll_off))
    symbols = found.symbols if len(found.symbols) else measured.symbols
    rate = found.symbol_rate if found.line.found or told_hz else None
    line = measured.rates.power
    if rate is None and line.found:  # a receiver that took the envelope for a constant one
        rate = Estimate(line.frequency, line.standard_error).times(rate_hz)
    sure = found.symbol_rate is not None and found.line.found
    return Estimates(
        rate,
        found.carrier_offset if sure else None,
        found.roll_off if sure else None,
        found.snr_db if sure else None,
        symbols,
    )


def _of_pair(
    parts: Sequence[Isolated], measured: Measured, rate_hz: float, rates_apart: float
) -> Estimates:
    """Of MSK and OQPSK: the lines of the square lie on both sides of twice the carrier."""
    rates, carriers = [], []
    for iq in _stretches(parts):
        square = iq * iq
        lines = sorted((_refined(square, peak) for peak in squared_peaks(iq)), key=_place)
        if all(line.found for line in lines):
            low, high = map(_place, lines)
            error = math.hypot(lines[0].standard_error, lines[1].standard_error)
            rates.append(Estimate((high - low) * rates_apart, error * rates_apart))
            carriers.append(Estimate((low + high) / 4, error / 4))
    if not rates:
        return _of_frequency(parts, measured, rate_hz)
    rate, carrier = _mean(rates), _mean(carriers)
    return Estimates(rate.times(rate_hz), carrier.times(rate_hz), symbols=measured.symbols)


def _of_frequency(parts: Sequence[Isolated], measured: Measured, rate_hz: float) -> Estimates:
    """Of frequency-shift keying: the line of the squared frequency, part by part."""
    occupied = parts[0].occupied
    up = 2 if occupied > _CRITICAL else 1  # a rate near half a cycle a sample is no line
    rates = []
    for iq in _stretches(parts):
        wide = upsampled(iq[None], up)[0] if up > 1 else iq
        line = fundamental(*instantaneous_frequency(band_passed(wide, occupied / up)))
        if line.found:
            rates.append(Estimate(line.frequency, line.standard_error).times(up))
    rate = _mean(rates).times(rate_hz) if rates else None
    return Estimates(rate, symbols=measured.symbols)


def _stretches(parts: Sequence[Isolated]) -> list[ComplexArray]:
    """The longest parts, at most eight, without the noise around them."""
    runs = [part.iq[part.first : part.stop][:_LONGEST] for part in parts]
    long = [run for run in runs if len(run) >= LEAST_SAMPLES]
    return sorted(long, key=len, reverse=True)[:_MOST_PARTS]


def _mean(estimates: Sequence[Estimate]) -> Estimate:
    """Of several estimates of one thing, weighed by their variances, the outliers left out."""
    middle = float(np.median([item.value for item in estimates]))
    kept = [
        item
        for item in estimates
        if abs(item.value - middle) <= _OUTLIER * item.standard_error or item.value == middle
    ] or list(estimates)
    weights = np.array([max(item.standard_error, 1e-30) ** -2 for item in kept])
    values = np.array([item.value for item in kept])
    return Estimate(float(weights @ values / weights.sum()), float(weights.sum() ** -0.5))


def _refined(values: ComplexArray, peak: Peak) -> Line:
    """A line found before, with its standard error."""
    turn = np.exp(-2j * np.pi * (peak.frequency - 0.25) * np.arange(len(values)))
    line = strongest_line(values * turn, 0.25 - _BESIDE, 0.25 + _BESIDE)
    return Line(
        line.frequency + peak.frequency - 0.25, line.standard_error, line.ratio, line.threshold
    )


def _place(line: Line) -> float:
    """Of a line, from −0.5 to 0.5."""
    return (line.frequency + 0.5) % 1.0 - 0.5
