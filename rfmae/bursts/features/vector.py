"""All that is measured of a burst, as one vector for a network."""

from dataclasses import dataclass

import numpy as np

from rfmae.bursts.features.lines import Peak, echo, two_peaks
from rfmae.bursts.features.planes import ORDERS, moduli, ring_harmonics, upright
from rfmae.bursts.features.shapes import (
    density_shape,
    envelope_shape,
    frequency_shape,
    instantaneous_frequency,
)
from rfmae.bursts.features.timing import (
    Rates,
    frequency_line,
    pair_of_lines,
    squared_peaks,
    symbol_frequencies,
)
from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.blind.lines import Line
from rfmae.signal.blind.spectrum import SpectrumFit, fit_spectrum
from rfmae.signal.blind.symbol_rate import symbol_rate_line
from rfmae.signal.blind.synchronising import (
    POWERS,
    CarrierLine,
    carrier_line,
    symbol_samples,
    without_carrier,
)
from rfmae.signal.detection.burst import wrapped
from rfmae.units import ratio_to_db

LEAST_SAMPLES = 128
"""Of an isolated burst, for its features to be measured."""

_RINGS, _FEW_RINGS = 12, 6
_SYMBOL_BINS = 40
_SYMBOL_SPAN = 2.0  # symbol rates
_PASSED = 0.75  # occupied bandwidths to either side that are not filtered out
_EDGE = 0.15
_HIGHEST_SNR = 40.0


@dataclass(frozen=True, slots=True)
class Measured:
    """The features of one window, and what they were measured with."""

    vector: FloatArray  # (F,)
    rates: Rates
    fit: SpectrumFit | None
    carrier: CarrierLine | None
    symbols: ComplexArray  # (K,)
    centre: float  # of the carrier in cycles per sample


def measure(
    iq: ComplexArray,
    occupied: float,
    snr_db: float,
    *,
    whole_band: bool = False,
    told_rate: float | None = None,
    roll_off: float | None = None,
) -> Measured:
    """Features of an isolated burst (T,), whose band of `occupied` cycles per sample is at zero.

    `snr_db` is that of the band. With `whole_band` samples may be symbols themselves. `told_rate`
    is a symbol rate in symbols per sample that is known.
    """
    iq = np.asarray(iq, np.complex64) / np.float32(
        max(float(np.sqrt(np.mean(np.abs(iq) ** 2))), 1e-30)
    )
    passed = iq if whole_band else band_passed(iq, occupied)
    frequency, weights = instantaneous_frequency(passed)
    squared = squared_peaks(passed)
    power = symbol_rate_line(iq, told_rate)
    shifts = frequency_line(frequency, weights)
    rates = Rates(power, shifts, pair_of_lines(squared), occupied, told_rate)
    linear = _linear(iq, rates, whole_band and not power.found, roll_off)
    shape = [
        density_shape(iq, occupied),
        envelope_shape(passed),
        frequency_shape(frequency, weights, occupied),
    ]
    lines = _line_features(passed, squared, rates, linear)
    planes = _plane_features(linear)
    keyed = symbol_frequencies(frequency, rates.shift_keyed)
    context = np.array(
        [
            float(np.clip(snr_db, -10, _HIGHEST_SNR)) / 10,
            float(not np.isfinite(snr_db)),
            _decades(len(iq)),
            _decades(len(linear.symbols)),
            float(whole_band),
            occupied,
            *_echo_features(iq, occupied),
        ]
    )
    vector = np.concatenate([context, *shape, lines, planes, _keyed_features(keyed)])
    return Measured(
        np.nan_to_num(vector).astype(np.float32),
        rates,
        linear.fit,
        linear.carrier,
        linear.symbols,
        linear.centre,
    )


# a linear receiver, whatever the signal ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Linear:
    rate: float
    fit: SpectrumFit | None
    carrier: CarrierLine | None
    symbols: ComplexArray  # (K,), upright where there is a carrier
    turning: ComplexArray  # (K,), behind the spectrum's carrier alone
    middles: ComplexArray  # (K,), half a symbol later
    centre: float
    apart: float  # of the carrier from the centre of the spectrum, in symbol rates


def _linear(iq: ComplexArray, rates: Rates, are_symbols: bool, roll_off: float | None) -> _Linear:
    if are_symbols:
        return _synchronised(iq, iq, 1.0, None, 0.0)
    rate = rates.linear
    fit = fit_spectrum(iq, rate, 0.0, roll_off)
    centre = float(np.clip(fit.carrier.value, -rates.occupied / 2, rates.occupied / 2))
    beta = fit.roll_off.value
    ratio = rates.power.ratio if rates.power.found else 1.0
    samples = symbol_samples(iq, rate, centre, beta, ratio, per_symbol=2)
    return _synchronised(samples[::2], samples[1::2], rate, fit, centre)


def _synchronised(
    turning: ComplexArray,
    middles: ComplexArray,
    rate: float,
    fit: SpectrumFit | None,
    centre: float,
) -> _Linear:
    carrier = carrier_line(turning) if len(turning) >= 64 else None
    symbols, apart = turning, 0.0
    if carrier is not None:
        symbols = without_carrier(turning, carrier)
        apart = carrier.turns_per_symbol
        centre += apart * rate
    rms = max(float(np.sqrt(np.mean(np.abs(turning) ** 2))) if len(turning) else 1.0, 1e-30)
    return _Linear(rate, fit, carrier, symbols, turning / rms, middles / rms, centre, apart)


# parts of the vector -----------------------------------------------------------------------------


def _line_features(
    iq: ComplexArray, squared: list[Peak], rates: Rates, linear: _Linear
) -> FloatArray:
    """Of the first, second, fourth and eighth power, of the power and of the frequency."""
    fourth = iq**4
    found = [(1, two_peaks(iq)), (2, squared), (4, two_peaks(fourth)), (8, two_peaks(fourth**2))]
    values: list[float] = []
    for power, (first, second) in found:
        offset = wrapped(first.frequency - power * linear.centre) / linear.rate
        apart = abs(wrapped(first.frequency - second.frequency)) / linear.rate
        values += [
            _decades(first.ratio),
            _decades(second.ratio),
            first.amplitude,
            second.amplitude,
            float(np.clip(abs(offset), 0, 2)),
            float(np.clip(apart, 0, 4)),
        ]
    for line in (rates.power, rates.frequency):
        values += [_decades(line.ratio), float(line.found), _over(line, rates.occupied)]
    pair = 0.0 if rates.pair is None else rates.pair / rates.occupied
    powers = [
        float(linear.carrier is not None and linear.carrier.power == power) for power in POWERS
    ]
    fit = linear.fit
    fitted = (
        [0.0] * 4
        if fit is None
        else [
            fit.roll_off.value,
            0.0 if fit.snr_db is None else float(np.clip(fit.snr_db.value, -10, 40)) / 10,
            min(fit.tones, 4) / 4,
            float(np.clip(fit.carrier.value / rates.occupied, -1, 1)),
        ]
    )
    return np.array(
        [
            *values,
            pair,
            float(rates.pair is not None),
            linear.rate / rates.occupied,
            rates.shift_keyed / rates.occupied,
            *powers,
            abs(linear.apart) * 4,
            *fitted,
        ]
    )


def _plane_features(linear: _Linear) -> FloatArray:
    symbols, turning, middles = linear.symbols, linear.turning, linear.middles
    if len(turning) < 2:
        symbols = turning = middles = np.zeros(2, np.complex64)
    steps = turning[1:] * turning[:-1].conj()
    steps = steps / np.sqrt(np.maximum(np.abs(steps), 1e-12))
    seen = ring_harmonics(symbols, _RINGS)
    differential = ring_harmonics(steps, _FEW_RINGS)
    between = ring_harmonics(middles, _FEW_RINGS)
    return np.concatenate(
        [
            moduli(seen),
            upright(seen, ORDERS),
            moduli(differential),
            upright(differential, ORDERS),
            moduli(between),
        ]
    )


def _keyed_features(keyed: FloatArray) -> FloatArray:
    """The distribution of the frequency of symbols, (40 + 20 + 4,)."""
    counts, _ = np.histogram(keyed, _SYMBOL_BINS, (-_SYMBOL_SPAN, _SYMBOL_SPAN))
    scale = max(float(np.quantile(np.abs(keyed), 0.9)), 1e-9)
    relative, _ = np.histogram(np.abs(keyed) / scale, 20, (0, 1.5))
    spread = float(np.mean(keyed**2))
    fourth = float(np.mean(keyed**4)) / max(spread, 1e-12) ** 2
    return np.array(
        [
            *np.sqrt(counts / len(keyed)),
            *np.sqrt(relative / len(keyed)),
            np.log(max(fourth, 1e-3)),
            min(np.sqrt(spread), 4.0),
            min(float(np.median(np.abs(keyed))), 4.0),
            min(scale, 4.0),
        ]
    )


def _echo_features(iq: ComplexArray, occupied: float) -> tuple[float, float]:
    ratio, lag = echo(iq, occupied)
    return _decades(ratio), _decades(1 + lag * occupied) / 3


def band_passed(iq: ComplexArray, occupied: float) -> ComplexArray:
    """What lies in the occupied band and a margin, its edges smooth."""
    away = np.abs(np.fft.fftfreq(len(iq))) / occupied
    response = np.clip((_PASSED - away) / _EDGE + 0.5, 0, 1).astype(np.float32)
    return np.asarray(np.fft.ifft(np.fft.fft(iq) * response), np.complex64)


def _decades(ratio: float) -> float:
    """The decimal logarithm of a ratio, at least −3."""
    return float(ratio_to_db(max(ratio, 1e-3))) / 10


def _over(line: Line, occupied: float) -> float:
    return line.frequency / occupied if np.isfinite(line.frequency) else 0.0
