"""What is estimated of a burst whose modulation is known: each family by its own method."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rfmae.bursts.features.lines import Peak
from rfmae.bursts.features.shapes import instantaneous_frequency
from rfmae.bursts.features.timing import fundamental, squared_peaks
from rfmae.bursts.features.vector import LEAST_SAMPLES, Measured, band_passed
from rfmae.bursts.stretches import Stretch, longest_first
from rfmae.records import ComplexArray
from rfmae.signal.blind import Estimate, ReceiveOptions, Reception, receive
from rfmae.signal.blind.lines import Line, strongest_line
from rfmae.signal.blind.symbol_rate import LOWEST_RATE, symbol_rate_line
from rfmae.signal.blind.synchronising import upsampled
from rfmae.signal.detection import Isolated
from rfmae.signal.detection.burst import wrapped

_MOST_PARTS = 8
_CRITICAL = 0.25  # cycles per sample
_OUTLIER = 5.0  # standard errors from the median
_BESIDE = 0.02  # cycles per sample around a line that is measured again
_OFF_CENTRE = 0.15  # of its band, that a linear modulation has its carrier from the middle
_NARROW = 1.5  # bands, without the neighbours
_CLEARLY = 3.0  # over the threshold of a line
_WIDEST_RATE = 1.25  # over the occupied band; one above is a harmonic, of pulses with steep edges
_HARMONICS = (2, 3, 4)
_OWN_RECEIVER = ("OOK", "BPSK", "QPSK", "8PSK", "4PAM", "16QAM", "64QAM", "16APSK", "π/4-DQPSK")
_PAIRED = {"OQPSK": 0.5, "GMSK/MSK": 1.0}  # symbol rates in the distance of the lines of the square
_FASTEST = {"2FSK/GFSK": 1.06, "4FSK": 0.8, "GMSK/MSK": 0.9}
"""Symbol rates in the occupied band: a weak line above is the second harmonic."""


@dataclass(frozen=True, slots=True)
class Estimates:
    """Values with their standard errors, carriers from the centre of the recording; or None."""

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
    sample_rate_hz: float,
    roll_off: float | None,
    told_hz: float | None,
) -> Estimates:
    """Estimates of a burst of a modulation from its parts, most of them from the longest.

    Args:
        modulation: The most probable class.
        parts: Isolated bursts of one band, each at a rate and about a centre of its own.
        measured: What is known of the clearest part of them.
        sample_rate_hz: That of the recording.
        roll_off: Where it is known.
        told_hz: Symbol rate, where it is known.
    """
    stretches = longest_first(parts, sample_rate_hz)
    if modulation in _OWN_RECEIVER:
        return _received(stretches[0], measured, roll_off, told_hz)
    if modulation in _PAIRED:
        return _of_pair(stretches, measured, modulation)
    if modulation in _FASTEST:
        return _of_frequency(stretches, measured, _FASTEST[modulation])
    if modulation == "AM":
        return Estimates(carrier=_of_line(stretches[0]))
    return Estimates()


def _of_line(stretch: Stretch) -> Estimate | None:
    """The carrier of an amplitude modulation: its strongest line."""
    line = strongest_line(stretch.iq, 0.0, 1.0)
    return _from_centre(stretch, _place(line), line.standard_error) if line.found else None


def _from_centre(stretch: Stretch, frequency: float, error: float) -> Estimate:
    """A frequency of a stretch, in cycles per sample, from the centre of the recording."""
    found = Estimate(frequency, error).times(stretch.rate_hz)
    return replace(found, value=found.value + stretch.centre_hz)


def _received(
    stretch: Stretch, measured: Measured, roll_off: float | None, told_hz: float | None
) -> Estimates:
    """Of a linear modulation: what the receiver found, and its symbols."""
    even = stretch.as_received()
    found = _reception(even, roll_off, told_hz)
    is_harmonic = told_hz is None and found.line.frequency > _WIDEST_RATE * even.occupied
    fundamental_hz = _of_harmonic(even, found.line.frequency) if is_harmonic else told_hz
    if is_harmonic and fundamental_hz is not None:
        found, is_harmonic = _reception(even, roll_off, fundamental_hz), False
    is_drawn_away = _is_off_centre(found.carrier_offset, even)
    if is_drawn_away:  # by what else is there
        middle = stretch.as_received(_NARROW * stretch.occupied)
        found = _reception(middle, roll_off, fundamental_hz)
    rate = found.symbol_rate if found.line.found or told_hz else None
    if rate is None and told_hz is None:
        rate = _of_power(even)
    carrier = found.carrier_offset if found.line.found else None
    if carrier is None or _is_off_centre(carrier, even):
        return Estimates(None if is_harmonic else rate, symbols=measured.symbols)
    carrier = replace(carrier, value=carrier.value + stretch.centre_hz)
    if is_harmonic:
        return Estimates(None, carrier, symbols=measured.symbols)
    shape = (None, None) if is_drawn_away else (found.roll_off, found.snr_db)
    symbols = found.symbols if len(found.symbols) else measured.symbols
    return Estimates(rate, carrier, *shape, symbols)


def _reception(stretch: Stretch, roll_off: float | None, rate_hz: float | None) -> Reception:
    return receive(stretch.iq, ReceiveOptions(stretch.rate_hz, rate_hz, roll_off=roll_off))


def _is_off_centre(carrier: Estimate | None, stretch: Stretch) -> bool:
    limit_hz = _OFF_CENTRE * stretch.occupied * stretch.rate_hz
    return carrier is not None and abs(carrier.value) > limit_hz


def _of_power(stretch: Stretch) -> Estimate | None:
    """The symbol rate, where a receiver took the envelope for a constant one."""
    line = symbol_rate_line(stretch.iq)
    found = Estimate(line.frequency, line.standard_error)
    is_harmonic = line.frequency > _WIDEST_RATE * stretch.occupied
    return found.times(stretch.rate_hz) if line.found and not is_harmonic else None


def _of_harmonic(stretch: Stretch, frequency: float) -> float | None:
    """The symbol rate of which a line is a harmonic, if one stands out as well."""
    for part in _HARMONICS:
        if LOWEST_RATE < frequency / part < _WIDEST_RATE * stretch.occupied:
            line = symbol_rate_line(stretch.iq, frequency / part)
            if line.found:
                return line.frequency * stretch.rate_hz
    return None


def _of_pair(stretches: Sequence[Stretch], measured: Measured, modulation: str) -> Estimates:
    """Of MSK and OQPSK: the lines of the square lie on both sides of twice the carrier."""
    rates, carriers = [], []
    for stretch in _long_enough(stretches):
        square = stretch.iq * stretch.iq
        lines = sorted((_refined(square, peak) for peak in squared_peaks(stretch.iq)), key=_place)
        if all(line.found for line in lines):
            low, high = map(_place, lines)
            error = math.hypot(lines[0].standard_error, lines[1].standard_error)
            apart = Estimate(high - low, error).times(stretch.rate_hz)
            rates.append(apart.times(_PAIRED[modulation]))
            carriers.append(_from_centre(stretch, (low + high) / 4, error / 4))
    if rates:
        return Estimates(_mean(rates), _mean(carriers), symbols=measured.symbols)
    if modulation in _FASTEST:
        return _of_frequency(stretches, measured, _FASTEST[modulation])
    return Estimates(symbols=measured.symbols)


def _of_frequency(stretches: Sequence[Stretch], measured: Measured, fastest: float) -> Estimates:
    """Of frequency-shift keying: the line of the squared frequency, part by part."""
    rates = []
    for stretch in _long_enough(stretches):
        occupied = stretch.occupied
        up = 2 if occupied > _CRITICAL else 1  # a rate near half a cycle a sample is no line
        wide = upsampled(stretch.iq[None], up)[0] if up > 1 else stretch.iq
        line = fundamental(*instantaneous_frequency(band_passed(wide, occupied / up)))
        is_harmonic = line.frequency * up > fastest * occupied
        if line.found and not (is_harmonic and line.ratio < _CLEARLY * line.threshold):
            rates.append(Estimate(line.frequency, line.standard_error).times(up * stretch.rate_hz))
    return Estimates(_mean(rates) if rates else None, symbols=measured.symbols)


def _long_enough(stretches: Sequence[Stretch]) -> list[Stretch]:
    """The longest parts, at most eight."""
    return [each for each in stretches if len(each.iq) >= LEAST_SAMPLES][:_MOST_PARTS]


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
    return wrapped(line.frequency)
