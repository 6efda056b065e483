"""Blind SNR estimation from I/Q, invariant to gain and phase.

Of an oversampled waveform the noise floor is measured far outside of the signal's band and compared
with the power of the matched filter's output. Symbols have no such band: the second and fourth
moment of their amplitudes separate signal and noise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rfmae.errors import ArtefactError, RecipeError, ShapeError
from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.pulses import Pulse, pulse_taps
from rfmae.units import db_to_ratio, ratio_to_db, whole_ratio

SNR_RANGE_DB = (-20.0, 30.0)
"""The range of estimates, Es/N0 in dB; I/Q without any power is at the lower end."""

_LEAST_SYMBOLS = 16  # with fewer there is hardly a bin in the far band
_TAPER_SYMBOLS = (
    16  # at either end: keeps the leakage of the signal's edges far below the noise floor
)
_SHALLOWEST_NULL = 0.3  # of the filter's median response in the far band
_WIDEST_BAND = 0.9  # of the sampling rate, or nothing is left outside of it
_NOISE_KURTOSIS = 2.0  # of circular Gaussian noise
_TOGETHER = 64  # examples, whose spectra are held at once

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SnrEstimator:
    """An SNR estimator with the known parameters of the I/Q; kept in cards.

    Without a pulse the I/Q holds one sample for each symbol. `filtered` waveforms have passed the
    matched filter of the pulse, others are as received.
    """

    samples_per_symbol: float = 1.0
    pulse: Pulse | None = None
    filtered: bool = False

    def __post_init__(self) -> None:
        if self.pulse is None:
            _check_symbol_spaced(self.samples_per_symbol)
        else:
            _check_far_band(self.samples_per_symbol, self.pulse)

    def __call__(self, iq: ComplexArray) -> FloatArray:
        """Es/N0 in dB of I/Q (..., T), (...) within `SNR_RANGE_DB`."""
        return estimate_snr_db(
            iq,
            samples_per_symbol=self.samples_per_symbol,
            pulse=self.pulse,
            filtered=self.filtered,
        )


def snr_estimator_from_card(card: Mapping[str, Any]) -> SnrEstimator:
    """The estimator that a card describes."""
    try:
        pulse = None if card["pulse"] is None else Pulse(**card["pulse"])
        return SnrEstimator(**{**card, "pulse": pulse})
    except (KeyError, TypeError) as error:
        raise ArtefactError(
            f"a card describes its estimate of the SNR as {card}, which this version of rfmae does "
            "not read; train it again"
        ) from error


def estimate_snr_db(
    iq: ComplexArray,
    *,
    samples_per_symbol: float = 1.0,
    pulse: Pulse | None = None,
    filtered: bool = False,
    kurtosis: float = 1.0,
) -> FloatArray:
    """Es/N0 in dB of finite I/Q (..., T), float64 (...), clipped to `SNR_RANGE_DB`, never NaN.

    The method for symbols, one sample each and without a pulse, is M2M4 (`m2m4_snr_db`); that for a
    waveform of at least two samples per symbol and its pulse is the noise floor
    (`noise_floor_snr_db`).
    """
    if pulse is None:
        _check_symbol_spaced(samples_per_symbol)
        return m2m4_snr_db(iq, kurtosis)
    return noise_floor_snr_db(iq, pulse, samples_per_symbol, filtered=filtered)


# a waveform: its noise floor ------------------------------------------------------------------


def noise_floor_snr_db(
    waveform: ComplexArray, pulse: Pulse, samples_per_symbol: float, *, filtered: bool = False
) -> FloatArray:
    """Es/N0 in dB of waveforms (..., T), clipped to `SNR_RANGE_DB`.

    N0 is the mean of the periodogram over the far band, |f| at twice the edge of the pulse's band
    and beyond (midway to the end of the spectrum, where that is nearer): an energy detector with a
    quiet band beside it (Urkowitz, Proc. IEEE 55(4), 1967). Where a waveform was `filtered`, each
    bin is divided by what the filter leaves of white noise there, and its nulls are left out. Es is
    what the matched filter gives beyond that noise, over what it would give of a linear modulation
    in this pulse: signals of another spectrum are off by some tenths of a dB, and what they send
    into the far band counts as noise. The whole example is one periodogram, its ends tapered by a
    cosine (a Tukey window: Harris, Proc. IEEE 66(1), 1978).
    """
    _check_far_band(samples_per_symbol, pulse)
    rows = _rows_of(waveform, int(_LEAST_SYMBOLS * samples_per_symbol))
    known = _spectral_weights(rows.shape[1], pulse, float(samples_per_symbol), filtered)
    parts = [
        _noise_floor_ratio(rows[first : first + _TOGETHER], known)
        for first in range(0, len(rows), _TOGETHER)
    ]
    return _clipped_db(np.concatenate(parts)).reshape(waveform.shape[:-1])


class SpectralWeights(NamedTuple):
    """A taper, and weights of the bins of a tapered periodogram, (T,) each.

    White noise of unit power gives one in the mean through either. `gain` is Es/N0 over the ratio
    of what the filter gives beyond its noise to that noise.
    """

    taper: Doubles
    filter_output: Doubles
    noise: Doubles
    gain: float


@lru_cache(maxsize=8)
def _spectral_weights(samples: int, pulse: Pulse, rate: float, filtered: bool) -> SpectralWeights:
    taps = pulse_taps(pulse, whole_ratio(rate)).astype(np.float64)
    taper = _cosine_taper(samples, int(_TAPER_SYMBOLS * rate))
    response = _spectrum_of(_correlation(taps), samples)  # |H|², of mean one
    far = np.abs(np.fft.fftfreq(samples)) >= _far_edge(pulse, rate)
    passed, left = response / samples, np.ones(samples)
    if filtered:
        passed = np.full(samples, 1.0 / samples)
        left = _spectrum_of(_correlation(taps), samples, taper)
        far &= left >= _SHALLOWEST_NULL * np.median(left[far])  # leakage would fill the nulls
    floor = np.where(far, 1.0 / np.where(far, left, 1.0), 0.0) / np.count_nonzero(far)
    return SpectralWeights(taper, passed, floor, rate / float(np.mean(response**2)))


def _noise_floor_ratio(waveform: ComplexArray, known: SpectralWeights) -> Doubles:
    """Es/N0 (N,) of waveforms (N, T), before any clipping; no noise at all is infinite."""
    power = np.square(np.abs(np.fft.fft(_scaled(waveform) * known.taper, axis=1)))
    # sums row by row, so that an example does not depend on its batch
    noise = np.sum(power * known.noise, axis=1)
    output = np.sum(power * known.filter_output, axis=1)
    return _ratio(known.gain * (output - noise), noise)


def _far_edge(pulse: Pulse, rate: float) -> float:
    """Where the far band begins, in cycles per sample."""
    edge = (1 + pulse.rolloff) / 2 / rate
    return min(2 * edge, (edge + 0.5) / 2)


def _cosine_taper(samples: int, ramp: int) -> Doubles:
    """Ones between two halves of a raised cosine, of unit energy."""
    ramp = min(ramp, samples // 2)
    rise = np.sin(np.pi / 2 * (np.arange(ramp) + 0.5) / ramp) ** 2
    taper = np.concatenate([rise, np.ones(samples - 2 * ramp), rise[::-1]])
    return taper / np.linalg.norm(taper)


def _correlation(values: Doubles) -> Doubles:
    """The autocorrelation of real values (L,) at lags 0 to L − 1."""
    padded = np.fft.rfft(values, 2 * len(values))
    return np.fft.irfft(np.square(np.abs(padded)), 2 * len(values))[: len(values)]


def _spectrum_of(correlation: Doubles, samples: int, taper: Doubles | None = None) -> Doubles:
    """Power (T,) at the bins of a transform, of noise with such a correlation, tapered or not."""
    lags = min(len(correlation), samples)
    kept = correlation[:lags] * (1.0 if taper is None else _correlation(taper)[:lags])
    wrapped = np.zeros(samples)
    wrapped[:lags] += kept
    wrapped[-np.arange(1, lags)] += kept[1:]
    return np.fft.fft(wrapped).real


# symbols: moments of their amplitudes ---------------------------------------------------------


def m2m4_snr_db(symbols: ComplexArray, kurtosis: float = 1.0) -> FloatArray:
    """Es/N0 in dB of symbols (..., K), clipped to `SNR_RANGE_DB`.

    Second and fourth moment, M2 = S + N and M4 = k·S² + 4·S·N + 2·N² in circular Gaussian noise,
    solved for S and N (Pauluzzi, Beaulieu, IEEE Trans. Commun. 48(10), 2000). `kurtosis`
    k = E|a|⁴/E|a|² ² is that of the constellation, 1 to below 2: 1 of a constant modulus, 1.32 of
    16QAM. If it is too low, high SNRs are underestimated.
    """
    if not 1 <= kurtosis < _NOISE_KURTOSIS:
        raise ShapeError(
            f"kurtosis of a constellation must lie in [1, 2) for M2M4, got {kurtosis:g}"
        )
    rows = _rows_of(symbols, _LEAST_SYMBOLS)
    power = np.square(np.abs(_scaled(rows)))
    second, fourth = power.mean(axis=1), np.square(power).mean(axis=1)
    squared = (_NOISE_KURTOSIS * np.square(second) - fourth) / (_NOISE_KURTOSIS - kurtosis)
    signal = np.sqrt(np.maximum(squared, 0.0))
    return _clipped_db(_ratio(signal, second - signal)).reshape(symbols.shape[:-1])


# what both share ------------------------------------------------------------------------------


def _rows_of(iq: ComplexArray, least: int) -> ComplexArray:
    """I/Q (..., T) as (N, T), refusing what is not complex or too short."""
    if not np.iscomplexobj(iq) or iq.ndim < 1:
        raise ShapeError(f"iq must be complex of shape (..., T), got {iq.dtype} {iq.shape}")
    if iq.shape[-1] < least:
        raise ShapeError(
            f"an estimate of the SNR needs at least {_LEAST_SYMBOLS} symbols, {least} samples, "
            f"got {iq.shape[-1]}"
        )
    return iq.reshape(-1, iq.shape[-1])


def _scaled(iq: ComplexArray) -> npt.NDArray[np.complex128]:
    """I/Q (N, T) over its largest amplitude, so that no power vanishes or overflows."""
    peak = np.abs(iq).max(axis=1, keepdims=True).astype(np.float64)
    return iq / np.where(peak > 0, peak, 1.0)


def _ratio(signal: Doubles, noise: Doubles) -> Doubles:
    """Signal over noise; without signal nothing, with signal and without noise infinite."""
    signal, noise = np.maximum(signal, 0.0), np.maximum(noise, 0.0)
    alone = np.where(signal > 0, np.inf, 0.0)
    return np.divide(signal, noise, out=alone, where=noise > 0)


def _clipped_db(ratio: Doubles) -> FloatArray:
    lowest, highest = map(db_to_ratio, SNR_RANGE_DB)
    return ratio_to_db(np.clip(ratio, lowest, highest))


def _check_symbol_spaced(samples_per_symbol: float) -> None:
    if samples_per_symbol != 1:
        raise RecipeError(
            f"the SNR of a waveform of {samples_per_symbol:g} samples per symbol cannot be "
            "estimated without its pulse; name the pulse or give symbols"
        )


def _check_far_band(samples_per_symbol: float, pulse: Pulse) -> None:
    """Refuse a waveform without a noise band outside of its signal."""
    if pulse.shape not in ("rrc", "rc"):
        raise RecipeError(
            f"the SNR of a waveform is estimated outside of its band, but a pulse {pulse.shape} "
            "has none; use rrc or rc, or estimate it of the symbols"
        )
    least = max(2.0, (1 + pulse.rolloff) / _WIDEST_BAND)
    if samples_per_symbol < least:
        raise RecipeError(
            f"an estimate of the SNR outside of the band needs at least {least:.3g} samples per "
            f"symbol, got {samples_per_symbol:g}; estimate it of the symbols"
        )
