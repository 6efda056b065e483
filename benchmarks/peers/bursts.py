"""Recordings of bursts: what a modulator sent, resampled, on a carrier, in white noise.

A module `*_bursts` gives `bursts(name, generators)`: one `Burst` for each random generator, as its
library's modulator made it. Everything after that is the same for all of them and done by numpy
and scipy alone, so that recordings of different origins differ in their modulators only.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from scipy import signal

Samples = npt.NDArray[np.complexfloating]
Generators = Sequence[np.random.Generator]

CLASSES = (
    *("OOK", "BPSK", "QPSK", "OQPSK", "π/4-DQPSK", "8PSK", "4PAM", "16QAM", "64QAM", "16APSK"),
    *("2FSK/GFSK", "GMSK/MSK", "4FSK", "AM", "FM", "OFDM", "noise"),
)
LINEAR = CLASSES[: CLASSES.index("2FSK/GFSK")]

SAMPLE_RATES_HZ = (48e3, 250e3, 1e6, 2.4e6)
SYMBOLS = (500, 4000)
SAMPLES_PER_SYMBOL = (2.2, 12.0)
ROLL_OFFS = (0.2, 0.5)
BANDS = (0.1, 0.55)  # cycles a sample, of what has no symbol rate
_WIDEST = 0.62  # the occupied band in cycles a sample at which a carrier offset still fits
_GUARD = 24  # half the length of the resampling filter, in samples of the slower side
_MOST_STEPS = 64  # the denominator of a ratio of rates
_OCCUPIED = 0.99  # of the power, ITU-R SM.328
_BURST = 0.999  # of the energy: the weak ends of a pulse are no burst
_LONGEST = 60_000  # samples of a burst
_LOUDEST = 0.05  # of noise alone, rms


@dataclass(frozen=True, slots=True)
class Burst:
    """What a modulator sent, at its own rate, on no carrier and without noise.

    `samples_per_symbol` is None where there is no single symbol rate (analog, OFDM).
    """

    iq: Samples = field(repr=False)  # (T,)
    samples_per_symbol: float | None = None
    details: dict[str, float | str] = field(default_factory=dict)  # what it was made with
    is_continuous: bool = False  # without noise before and after
    band: tuple[float, float] | None = None  # cycles a sample, at its own rate; None is measured


@dataclass(frozen=True, slots=True)
class PeerRecording:
    """A recording and the truth of the one burst in it; noise has none (start equals stop).

    `snr_db` is the signal's power, a carrier line included, over that of the noise within
    `bandwidth_hz`, which holds 99 % of the power beside that line. `accepted` are the names that
    are a right answer.
    """

    iq: npt.NDArray[np.complex64] = field(repr=False)  # (T,)
    sample_rate_hz: float
    truth: str
    accepted: tuple[str, ...]
    origin: str
    snr_db: float
    start: int
    stop: int
    carrier_hz: float
    centre_hz: float  # of the band, which lies beside the carrier of a single sideband
    bandwidth_hz: float
    symbol_rate_hz: float | None = None
    details: dict[str, float | str] = field(default_factory=dict)


def symbol_count(rng: np.random.Generator) -> int:
    """A number of symbols, log-uniform."""
    return round(_log_uniform(SYMBOLS, rng))


def roll_off(rng: np.random.Generator) -> float:
    return round(float(rng.uniform(*ROLL_OFFS)), 3)


def each(
    modulate: Callable[[np.random.Generator], Burst], generators: Generators
) -> Iterator[Burst]:
    """A burst of each generator, for modulators that live in this process."""
    return (modulate(rng) for rng in generators)


def recorded(
    burst: Burst,
    truth: str,
    origin: str,
    snr_db: float,
    rng: np.random.Generator,
    accepted: tuple[str, ...] = (),
) -> PeerRecording:
    """The burst at a random rate, on a random carrier, in noise."""
    (low, high), ratio = _band_and_ratio(burst, rng)
    sent = resampled(burst.iq, ratio)[:_LONGEST]
    first, last = burst_of(sent)
    power = float(np.mean(np.abs(sent[first:last]) ** 2))
    width, centre = high - low, (low + high) / 2
    reach = max(0.0, min(0.2, 0.49 - 0.57 * width))
    carrier = float(rng.uniform(-reach, reach)) - centre
    before, after = _silences(burst, last - first, rng)
    whole = np.zeros(before + len(sent) + after, np.complex128)
    turned = 2j * np.pi * (carrier * np.arange(len(sent)) + rng.random())
    whole[before : before + len(sent)] = sent * np.exp(turned) / math.sqrt(power)
    whole += white(len(whole), 10 ** (-snr_db / 10) / width, rng)
    rate_hz = float(rng.choice(SAMPLE_RATES_HZ))
    per_symbol = burst.samples_per_symbol and burst.samples_per_symbol * float(ratio)
    return PeerRecording(
        (whole * 10 ** rng.uniform(-2, 0)).astype(np.complex64),
        rate_hz,
        truth,
        accepted or (truth,),
        origin,
        snr_db,
        before + first,
        before + last,
        carrier * rate_hz,
        (carrier + centre) * rate_hz,
        width * rate_hz,
        rate_hz / per_symbol if per_symbol else None,
        burst.details,
    )


def recorded_noise(origin: str, snr_db: float, rng: np.random.Generator) -> PeerRecording:
    """White noise alone."""
    noise = white(int(_log_uniform((5e3, 5e4), rng)), _LOUDEST**2, rng).astype(np.complex64)
    rate_hz = float(rng.choice(SAMPLE_RATES_HZ))
    return PeerRecording(
        noise, rate_hz, "noise", ("noise", "unknown"), origin, snr_db, 0, 0, 0.0, 0.0, rate_hz
    )


def white(samples: int, power: float, rng: np.random.Generator) -> Samples:
    """Circular Gaussian noise (samples,)."""
    return rng.standard_normal((samples, 2)).view(np.complex128)[:, 0] * math.sqrt(power / 2)


def burst_of(sent: Samples) -> tuple[int, int]:
    """The first sample and the one after the last of what holds 99.9 % of the energy."""
    energy = np.cumsum(np.abs(sent) ** 2)
    rest = (1 - _BURST) / 2
    first, last = np.searchsorted(energy, (rest * energy[-1], (1 - rest) * energy[-1]))
    return int(first), int(last) + 1


def occupied_band(sent: Samples) -> tuple[float, float]:
    """The lower and the upper edge of 99 % of the power without its mean, in cycles a sample."""
    length = min(2048, len(sent))
    frequency, density = signal.welch(
        sent - sent.mean(), nperseg=length, return_onesided=False, detrend=False, scaling="spectrum"
    )
    order = np.argsort(frequency)
    share = np.cumsum(density[order]) / density.sum()
    rest = (1 - _OCCUPIED) / 2
    low, high = np.searchsorted(share, (rest, 1 - rest))
    half = 0.5 / length
    return float(frequency[order][low]) - half, float(frequency[order][high]) + half


def resampled(iq: Samples, ratio: Fraction) -> Samples:
    """At a rational multiple of its rate, by a polyphase filter of 90 dB."""
    up, down = ratio.numerator, ratio.denominator
    if up == down:
        return iq
    steps = max(up, down)
    taps = signal.firwin(2 * _GUARD * steps + 1, 1 / steps, window=("kaiser", 9.0))
    return signal.resample_poly(iq, up, down, window=taps)


def _band_and_ratio(burst: Burst, rng: np.random.Generator) -> tuple[tuple[float, float], Fraction]:
    """The band in cycles a sample after resampling, and the ratio of the rates."""
    if burst.band:
        return burst.band, Fraction(1)
    low, high = occupied_band(burst.iq[slice(*burst_of(burst.iq))])
    width = high - low
    if burst.samples_per_symbol is None:
        wanted = width / _log_uniform(BANDS, rng)
    else:
        least, most = (value / burst.samples_per_symbol for value in SAMPLES_PER_SYMBOL)
        wanted = _log_uniform((max(least, width / _WIDEST), max(most, width / _WIDEST)), rng)
    ratio = Fraction(wanted).limit_denominator(_MOST_STEPS)
    return (low / float(ratio), high / float(ratio)), ratio


def _silences(burst: Burst, samples: int, rng: np.random.Generator) -> tuple[int, int]:
    if burst.is_continuous:
        return 0, 0
    before, after = (500 + int(share * samples) for share in rng.uniform(0.1, 0.4, 2))
    return before, after


def _log_uniform(ends: tuple[float, float], rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(math.log(ends[0]), math.log(ends[1]))))
