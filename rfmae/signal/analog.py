"""Analog modulation (AM, SSB, FM) of a speech-like message."""

import math

import numpy as np
import numpy.typing as npt
from scipy.fft import next_fast_len

from rfmae.errors import RecipeError
from rfmae.records import ComplexArray, FloatArray

Message = npt.NDArray[np.float64]

_LOWEST = 0.09  # 300 Hz of the 3400 Hz of a telephone channel
_CORNER = 0.15  # 500 Hz, where the long-term spectrum of speech begins to fall
_SYLLABLES = 1 / 850  # 4 Hz
_SYLLABLE_DEPTH = 0.5
_LEAST_PERIODS = 16  # of the upper band edge in the period of a message: some fifteen sinusoids
_PEAK_RMS = 4.0  # the clipping level of a transmitter, about 0.1 % of the time


def speech_like(
    count: int, samples: int, bandwidth_turns_per_sample: float, rng: np.random.Generator
) -> Message:
    """Messages (count, samples), Gaussian in the short term, of unit mean power in the ensemble.

    The band is 0.09 to 1 of the bandwidth, as 300 to 3400 Hz of a telephone channel. The power
    density is flat up to 0.15 of it and falls by 9 dB an octave above, much as the long-term
    average spectrum of speech (ITU-T P.50; Byrne et al., J. Acoust. Soc. Am. 96, 1994), and the
    loudness swings by half at a syllable rate of 4 Hz. With equal seeds the first messages are the
    same for any count.
    """
    if not 0 < bandwidth_turns_per_sample <= 0.5:
        raise RecipeError(
            "the bandwidth of a message must lie in (0, 0.5] turns per sample, "
            f"got {bandwidth_turns_per_sample:g}"
        )
    tones, syllables = rng.spawn(2)
    message = _coloured_noise(count, samples, bandwidth_turns_per_sample, tones)
    return message * _loudness(count, samples, bandwidth_turns_per_sample, syllables)


def double_sideband_suppressed(message: FloatArray) -> ComplexArray:
    """The message itself on the in-phase axis, (N, T), of the message's power."""
    return message.astype(np.complex64)


def double_sideband_carrier(message: FloatArray, modulation_index: float) -> ComplexArray:
    """A carrier on the in-phase axis whose amplitude the message swings, (N, T).

    A message of unit power is clipped at four times its rms amplitude; that amplitude modulates the
    carrier by `modulation_index`, so that an index of 1 reaches zero. Mean power is one in the
    ensemble (Proakis and Salehi, Communication Systems Engineering, sec. 3.2).
    """
    swing = modulation_index / _PEAK_RMS
    amplitude = 1 + swing * _clipped(message)
    return (amplitude / math.sqrt(1 + swing**2)).astype(np.complex64)


def single_sideband(message: FloatArray, *, upper: bool = True) -> ComplexArray:
    """The message and, in quadrature, its Hilbert transform, (N, T), of the message's power.

    The transform takes the frame as one period, so the other sideband is suppressed inside of the
    frame and reappears if it is cut.
    """
    return (_one_sided(message, upper) / math.sqrt(2)).astype(np.complex64)


def single_sideband_carrier(
    message: FloatArray, modulation_index: float, *, upper: bool = True
) -> ComplexArray:
    """A carrier and one sideband, (N, T): in phase this is `double_sideband_carrier`, scaled.

    Mean power is one in the ensemble.
    """
    swing = modulation_index / _PEAK_RMS
    waveform = 1 + swing * _one_sided(_clipped(message), upper)
    return (waveform / math.sqrt(1 + 2 * swing**2)).astype(np.complex64)


def frequency_modulate(message: FloatArray, deviation_turns_per_sample: float) -> ComplexArray:
    """A constant envelope whose frequency is the message times the deviation, (N, T).

    The deviation is the rms one where the message has unit power; the step of the phase from
    sample n − 1 to sample n belongs to message n.
    """
    turns = np.cumsum(deviation_turns_per_sample * message, axis=-1) % 1.0
    return np.exp(2j * np.pi * turns).astype(np.complex64)


def _coloured_noise(
    count: int, samples: int, bandwidth: float, rng: np.random.Generator
) -> Message:
    """Stationary Gaussian noise of the spectrum of speech and unit power, (count, samples)."""
    # a frame is cut from a period at least twice its length, so that its ends do not meet
    period = next_fast_len(max(2 * samples, math.ceil(_LEAST_PERIODS / bandwidth)), real=True)
    density = _speech_density(np.arange((period + 1) // 2) / period / bandwidth)
    band = np.flatnonzero(density)
    half_spectrum = np.zeros((count, band[-1] + 1), np.complex128)
    normal = rng.standard_normal((count, len(band), 2)).view(np.complex128)[..., 0]
    half_spectrum[:, band] = normal * np.sqrt(density[band] / density.sum()) * (period / 2)
    # numpy transforms row by row, so a row's bytes do not depend on the others
    noise: Message = np.fft.irfft(half_spectrum, period)[:, :samples]
    return noise


def _speech_density(frequency: Message) -> Message:
    """Power density over frequency in units of the bandwidth."""
    inside = (frequency >= _LOWEST) & (frequency <= 1)
    falling: Message = np.maximum(frequency / _CORNER, 1) ** -3.0  # 9 dB an octave
    return np.where(inside, falling, 0.0)


def _loudness(count: int, samples: int, bandwidth: float, rng: np.random.Generator) -> Message:
    """The amplitude of the syllables, (count, samples), its square one on average."""
    starts = rng.random((count, 1))
    turns = starts + _SYLLABLES * bandwidth * np.arange(samples)
    amplitude = 1 + _SYLLABLE_DEPTH * np.cos(2 * np.pi * turns)
    return amplitude / math.sqrt(1 + _SYLLABLE_DEPTH**2 / 2)


def _clipped(message: FloatArray) -> FloatArray:
    return np.clip(message, -_PEAK_RMS, _PEAK_RMS)


def _one_sided(message: FloatArray, upper: bool) -> npt.NDArray[np.complex128]:
    """The message plus j (upper) or −j times its Hilbert transform, of twice its power."""
    samples = message.shape[-1]
    half_spectrum = np.fft.rfft(message)
    half_spectrum[..., 1 : (samples + 1) // 2] *= 2  # all but zero and half a turn per sample
    analytic: npt.NDArray[np.complex128] = np.fft.ifft(half_spectrum, samples)
    return analytic if upper else analytic.conj()
