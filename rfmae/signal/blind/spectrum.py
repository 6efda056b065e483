"""Carrier, roll-off and SNR of a linearly modulated signal, from its power spectrum."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.densities import circular_median
from rfmae.signal.pulses import raised_cosine_pulse
from rfmae.units import ratio_to_db

LEAST_ROLL_OFF = 0.02
_TAPER = 0.25
_SYMBOLS = 64  # of a segment, where the signal is long enough
_SEGMENTS, _MOST_SEGMENTS = 24, 256
_WEAKEST_TONE = 0.05  # of the strongest
_LOWEST_FLOOR = 1e-4  # of the signal's density: leakage and ripple of a filter
_TONE, _NEIGHBOURS = 2.5, 17  # over the median of the bins around it: a carrier, no symbols
_DECIBELS = ratio_to_db(math.e)  # of a unit of the natural logarithm
_STEP = 1e-4  # of a numerical derivative
_FIRST_ROLL_OFFS = (0.35, 0.15, 0.6)
_MOST_STEPS = 25
_SETTLED = 1e-4  # of the misfit, whose error is of the order of one
_HOPELESS = 1e4


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number that was measured, and its standard error."""

    value: float
    standard_error: float

    def times(self, factor: float) -> "Estimate":
        """In another unit."""
        return Estimate(self.value * factor, self.standard_error * abs(factor))


@dataclass(frozen=True, slots=True)
class SpectrumFit:
    """What the power spectrum of a signal of a known symbol rate says."""

    carrier: Estimate  # cycles per sample
    roll_off: Estimate
    snr_db: Estimate | None  # Es/N0; None where no floor is seen beside the signal
    tones: int  # lines of the signal itself: one where its symbols have a mean


@dataclass(frozen=True, slots=True)
class _Model:
    """The expected periodogram of a raised-cosine spectrum over a white floor."""

    rate: float  # symbols per sample
    taper: FloatArray  # autocorrelation of the window, of lags 0 to L - 1
    roll_off: float | None
    kept: npt.NDArray[np.bool_]  # (L,), without tones

    def density(self, parameters: FloatArray) -> FloatArray:
        """Over the frequencies of a segment that are kept; log level, log floor, carrier, β."""
        return self.everywhere(parameters)[self.kept]

    def everywhere(self, parameters: FloatArray) -> FloatArray:
        """Over all of them, (L,)."""
        level, floor, carrier, roll_off = self.complete(parameters)
        return np.asarray(np.exp(level) * (self._signal(carrier, roll_off)) + _noise(level, floor))

    def slopes(self, parameters: FloatArray) -> FloatArray:
        """Of the logarithm of the density that is kept, by each parameter, (P, kept)."""
        level, floor, carrier, roll_off = self.complete(parameters)
        signal = self._signal(carrier, roll_off)
        shifted = self._signal(carrier + _STEP * self.rate, roll_off) - signal
        step = _STEP if roll_off + _STEP <= 1 else -_STEP
        widened = self._signal(carrier, roll_off + step) - signal
        top, under = np.exp(level), np.exp(floor)
        rows = np.stack(
            [
                top * (signal + _LOWEST_FLOOR),
                np.full_like(signal, under),
                top * shifted / (_STEP * self.rate),
                top * widened / step,
            ]
        )[: len(parameters)]
        density = top * signal + _noise(level, floor)
        return np.asarray((rows / density)[:, self.kept])

    def _signal(self, carrier: float, roll_off: float) -> FloatArray:
        """The expected periodogram of the signal alone, of unit level, (L,)."""
        lags = np.arange(len(self.taper))
        correlation = raised_cosine_pulse(lags * self.rate, roll_off) * self.rate * self.taper
        found = 2 * np.fft.fft(correlation * np.exp(2j * np.pi * carrier * lags)).real - self.rate
        return np.maximum(found, 0)

    def complete(self, parameters: FloatArray) -> FloatArray:
        """All four, the roll-off within its limits."""
        roll_off = parameters[3] if self.roll_off is None else self.roll_off
        return np.array([*parameters[:3], np.clip(roll_off, LEAST_ROLL_OFF, 1.0)])


def _noise(level: float, floor: float) -> float:
    return float(np.exp(floor) + _LOWEST_FLOOR * np.exp(level))


def fit_spectrum(
    iq: ComplexArray, rate: float, carrier: float, roll_off: float | None = None
) -> SpectrumFit:
    """Carrier, roll-off and Es/N0 of samples (T,) of `rate` symbols a sample.

    A raised-cosine spectrum over a white floor, by the debiased Whittle likelihood (Sykulski et
    al., Biometrika 106(2), 2019): the model is the expected periodogram. Standard errors come from
    how far the scores of the segments scatter, since neighbouring frequencies and those around the
    carrier are not independent. `carrier` in cycles per sample is where the search begins.
    """
    periodograms, taper = _periodograms(iq, rate)
    mean = periodograms.mean(axis=0)
    total = float(mean.mean())
    # fewer bins than half the band, or a signal is taken for a tone
    width = int(np.clip(2 * int(len(taper) * rate / 4) + 1, 5, _NEIGHBOURS))
    kept = mean < _TONE * circular_median(mean, width)
    strong = ~kept & (mean > _WEAKEST_TONE * mean.max())  # others are what the window leaks
    model, mean, periodograms = (
        _Model(rate, taper, roll_off, kept),
        mean[kept],
        periodograms[:, kept],
    )

    top, bottom = np.quantile(mean, [0.95, 0.05])
    start = [np.log(top), np.log(max(bottom, 1e-6 * top)), carrier]
    free = 3 if roll_off is not None else 4
    tried = [np.array([*start, beta][:free]) for beta in _FIRST_ROLL_OFFS[: free * 2 - 5]]
    begun = min(tried, key=lambda at: _misfit(model, mean, at))
    found, _ = _scored(model, mean, begun)
    covariance = _sandwich(model, found, periodograms)
    level, floor, shift, beta = model.complete(found)
    tones = max(total - float(model.everywhere(found).mean()), 0.0) / rate  # of unipolar symbols
    spread = np.sqrt(np.maximum(np.diag(covariance), 0))
    noise = np.exp(floor) + _LOWEST_FLOOR * np.exp(level)
    snr_db = None
    if noise > 10 * _LOWEST_FLOOR * np.exp(level):
        variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
        snr_db = Estimate(
            ratio_to_db(float((np.exp(level) + tones) / noise)),
            float(_DECIBELS * np.sqrt(max(variance, 0.0))),
        )
    return SpectrumFit(
        Estimate(float(shift), float(spread[2])),
        Estimate(float(beta), float(spread[3]) if free == 4 else 0.0),
        snr_db,
        int(np.count_nonzero(strong & ~np.roll(strong, 1))),
    )


def _periodograms(iq: ComplexArray, rate: float) -> tuple[FloatArray, FloatArray]:
    """Periodograms (B, L) of segments, and the autocorrelation of their window."""
    length = int(np.clip(len(iq) // _SEGMENTS, 32, max(_SYMBOLS / rate, 64)))
    count = len(iq) // length
    if count > _MOST_SEGMENTS:
        length, count = len(iq) // _MOST_SEGMENTS, _MOST_SEGMENTS
    length = min(length, 4096)
    window = _cosine_taper(length)
    segments = iq[: len(iq) // length * length].reshape(-1, length)[:_MOST_SEGMENTS]
    transforms = np.fft.fft(segments.astype(np.complex128) * window, axis=1)
    spectrum = np.abs(np.fft.fft(window, 2 * length)) ** 2
    return np.abs(transforms) ** 2, np.fft.ifft(spectrum).real[:length]


def _cosine_taper(length: int) -> FloatArray:
    """Ones between the halves of a Hann window, of unit energy (Harris, Proc. IEEE 66(1), 1978)."""
    ramp = int(_TAPER * (length - 1) / 2)
    rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(ramp + 1) / (_TAPER * (length - 1) / 2))
    window = np.concatenate([rise, np.ones(length - 2 * len(rise)), rise[::-1]])
    return np.asarray(window / np.linalg.norm(window))


def _scored(model: _Model, mean: FloatArray, start: FloatArray) -> tuple[FloatArray, float]:
    """Where Fisher scoring from `start` comes to rest, and the misfit there.

    Steps that do not lower the misfit are damped (Levenberg, Q. Appl. Math. 2(2), 1944).
    """
    limits = np.array([2.0, 2.0, 0.1 * model.rate, 0.2])[: len(start)]
    at, damping = start, 1e-3
    density = model.density(at)
    misfit = _deviance(mean, density)
    for _ in range(_MOST_STEPS):
        slopes = model.slopes(at)
        gradient = slopes @ (1 - mean / density)
        information = slopes @ slopes.T
        damped = information + damping * np.diag(np.diag(information) + 1e-12)
        step = np.linalg.lstsq(damped, -gradient, rcond=None)[0]
        new = at + np.clip(step, -limits, limits)
        if len(new) == 4:
            new[3] = np.clip(new[3], LEAST_ROLL_OFF, 1.0)
        there = model.density(new)
        value = _deviance(mean, there)
        if value < misfit:
            gained, at, density, misfit, damping = misfit - value, new, there, value, damping / 5
            if gained < _SETTLED:
                break
        else:
            damping *= 10
            if damping > _HOPELESS:
                break
    return at, misfit


def _misfit(model: _Model, mean: FloatArray, parameters: FloatArray) -> float:
    return _deviance(mean, model.density(parameters))


def _deviance(mean: FloatArray, density: FloatArray) -> float:
    """Twice Whittle's negative log-likelihood of one mean periodogram, but for a constant."""
    return float(np.sum(np.log(density) + mean / density))


def _sandwich(model: _Model, parameters: FloatArray, periodograms: FloatArray) -> FloatArray:
    """Covariance of the parameters, from the scores of the segments (White, 1982)."""
    density, slopes = model.density(parameters), model.slopes(parameters)
    scores = (periodograms / density - 1) @ slopes.T
    scores -= scores.mean(axis=0)
    count = len(periodograms)
    bread = np.linalg.pinv(count * slopes @ slopes.T)
    meat = scores.T @ scores * count / max(count - len(parameters), 1)
    return np.asarray(bread @ meat @ bread)
