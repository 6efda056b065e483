"""The class order of RadioML 2018.01A, verified from its signals.

The class list that was published with the set contradicts its signals. The check relies on signal
properties alone: a constant envelope, a signal that is real after a rotation, a one-sided spectrum,
symbols of one amplitude.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from rfmae.errors import ShapeError
from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.pulses import root_raised_cosine

CLASSES = (
    *("OOK", "4ASK", "8ASK", "BPSK", "QPSK", "8PSK", "16PSK", "32PSK"),
    *("16APSK", "32APSK", "64APSK", "128APSK"),
    *("16QAM", "32QAM", "64QAM", "128QAM", "256QAM"),
    *("AM-SSB-WC", "AM-SSB-SC", "AM-DSB-WC", "AM-DSB-SC", "FM", "GMSK", "OQPSK"),
)
"""The order of the signals."""

PUBLISHED_CLASSES = (
    *("32PSK", "16APSK", "32QAM", "FM", "GMSK", "32APSK", "OQPSK", "8ASK", "BPSK", "8PSK"),
    *("AM-SSB-SC", "4ASK", "16PSK", "64APSK", "128QAM", "128APSK", "AM-DSB-SC", "AM-SSB-WC"),
    *("64QAM", "QPSK", "256QAM", "AM-DSB-WC", "OOK", "16QAM"),
)
"""The order of the list that was published with the set, which is wrong."""

Family = Literal["constant envelope", "one-sided", "real", "one amplitude", "complex", "absent"]
Order = Literal["correct", "published", "neither"]

_FAMILIES: dict[Family, tuple[str, ...]] = {
    "constant envelope": ("FM", "GMSK"),
    "one-sided": ("AM-SSB-WC", "AM-SSB-SC"),
    "real": ("OOK", "4ASK", "8ASK", "BPSK", "AM-DSB-WC", "AM-DSB-SC"),
    "one amplitude": ("QPSK", "8PSK", "16PSK", "32PSK"),
}
_SAMPLES_PER_SYMBOL = 8
_ROLLOFF = 0.35  # a small error leaves interference far below these thresholds
_CONSTANT = 0.1  # noise of 30 dB spreads an envelope by 0.022, a shaped pulse by 0.3
_REAL = 0.85  # a line between two bins of the padded transform has 0.97
_ONE_SIDED = 0.8
_ONE_AMPLITUDE = 0.12
_GAP = 0.3  # between two amplitudes, in units of the rms
_NEAR_ZERO = 0.25
_FOURTH_POWER = 0.6  # one for QPSK, at most 0.7 / 1.4 for square QAM, zero for other PSK
_LEAST_AGREEMENT = 22  # of 24 families and 3 alphabets; a random order agrees in some seven
_LEAST_LEAD = 6


@dataclass(frozen=True, slots=True)
class Traits:
    """Signal properties of one class, the median over its rows."""

    envelope_spread: float  # standard deviation of |x| over its mean
    one_sidedness: float  # |upper − lower| power over their sum, the carrier left out
    realness: float  # strongest line of x² over the power of x
    amplitude_spread: float  # of symbols after a matched filter, as that of the envelope
    amplitudes: int  # clusters of the symbols' |s|
    smallest_amplitude: float  # in units of their rms
    fourth_power: float  # strongest line of s⁴ over the sum of |s|⁴

    @property
    def family(self) -> Family:
        if self.envelope_spread < _CONSTANT and self.realness < _REAL:
            return "constant envelope"  # excludes a carrier with a weak message
        if self.one_sidedness > _ONE_SIDED:
            return "one-sided"
        if self.realness > _REAL:
            return "real"
        return "one amplitude" if self.amplitude_spread < _ONE_AMPLITUDE else "complex"


@dataclass(frozen=True, slots=True)
class ClassOrder:
    """The evidence: traits at each index, and in how many of 27 points each order agrees."""

    snr_db: float
    traits: tuple[Traits | None, ...]  # none where the file has no row of an index

    @property
    def families(self) -> tuple[Family, ...]:
        return tuple("absent" if found is None else found.family for found in self.traits)

    def agreement(self, order: Sequence[str]) -> int:
        """In how many points the signals agree with the names of an order."""
        families = sum(
            found == family_of(name) for found, name in zip(self.families, order, strict=True)
        )
        keyed, binary, quaternary = (
            self.traits[order.index(name)] for name in ("OOK", "BPSK", "QPSK")
        )
        return families + sum(
            (
                keyed is not None and keyed.amplitudes == 2 and _starts_at_zero(keyed),
                binary is not None and binary.amplitudes == 1,
                quaternary is not None and quaternary.fourth_power > _FOURTH_POWER,
            )
        )

    @property
    def verdict(self) -> Order:
        correct, published = self.agreement(CLASSES), self.agreement(PUBLISHED_CLASSES)
        if max(correct, published) < _LEAST_AGREEMENT or abs(correct - published) < _LEAST_LEAD:
            return "neither"
        return "correct" if correct > published else "published"


def family_of(name: str) -> Family:
    """The signal family of a class of the set."""
    return next((family for family, names in _FAMILIES.items() if name in names), "complex")


def traits_of(iq: ComplexArray) -> Traits:
    """Properties of rows (N, T) of one class at a high SNR; eight samples per symbol."""
    if iq.ndim != 2 or iq.shape[1] < 32 * _SAMPLES_PER_SYMBOL:
        raise ShapeError(f"traits need rows of at least 256 samples, got shape {iq.shape}")
    phases = _symbol_phases(iq)
    symbols = _strongest_phase(phases)
    amplitudes = [_amplitudes(row) for row in np.abs(symbols)]
    return Traits(
        envelope_spread=_middle(_spread(np.abs(iq))),
        one_sidedness=_middle(_one_sidedness(iq)),
        realness=_middle(_line(iq**2) / (np.abs(iq) ** 2).sum(axis=1)),
        amplitude_spread=_middle(_spread(np.abs(phases)).min(axis=0)),
        amplitudes=round(_middle([count for count, _ in amplitudes])),
        smallest_amplitude=_middle([smallest for _, smallest in amplitudes]),
        fourth_power=_middle(_line(symbols**4) / (np.abs(symbols) ** 4).sum(axis=1)),
    )


def _starts_at_zero(traits: Traits) -> bool:
    return traits.smallest_amplitude < _NEAR_ZERO


def _middle(values: FloatArray | Sequence[float]) -> float:
    return float(np.median(np.asarray(values)))


def _spread(magnitude: FloatArray) -> FloatArray:
    return magnitude.std(axis=-1) / magnitude.mean(axis=-1)


def _line(values: npt.NDArray[np.complexfloating[Any]]) -> FloatArray:
    """Height of the strongest spectral line of each row, at any carrier offset."""
    padded = np.fft.fft(values, 4 * values.shape[1], axis=1)
    return np.asarray(np.abs(padded).max(axis=1))


def _one_sidedness(iq: ComplexArray) -> FloatArray:
    """One-sidedness of each row about its carrier, if that is most of its power, or about zero."""
    samples = iq.shape[1]
    power = np.abs(np.fft.fft(iq * np.hanning(samples), axis=1)) ** 2
    strongest = power.argmax(axis=1)
    nearby = (strongest[:, None] + np.arange(-2, 3)) % samples  # a line of the window is five wide
    share = np.take_along_axis(power, nearby, 1).sum(axis=1) / power.sum(axis=1)
    carrier = np.where(share > 0.75, strongest, 0)[:, None]
    offsets = np.arange(3, samples // 2)
    upper = np.take_along_axis(power, (carrier + offsets) % samples, 1).sum(axis=1)
    lower = np.take_along_axis(power, (carrier - offsets) % samples, 1).sum(axis=1)
    return np.asarray(np.abs(upper - lower) / (upper + lower))


def _symbol_phases(iq: ComplexArray) -> npt.NDArray[np.complexfloating[Any]]:
    """Matched-filtered symbols at each timing, (8, N, K)."""
    taps = root_raised_cosine(_ROLLOFF, _SAMPLES_PER_SYMBOL, 12)
    windows = np.lib.stride_tricks.sliding_window_view(iq, len(taps), axis=1)
    filtered = windows @ taps
    symbols = filtered.shape[1] // _SAMPLES_PER_SYMBOL
    kept = filtered[:, : symbols * _SAMPLES_PER_SYMBOL]
    return kept.reshape(len(iq), symbols, _SAMPLES_PER_SYMBOL).transpose(2, 0, 1)


def _strongest_phase(
    phases: npt.NDArray[np.complexfloating[Any]],
) -> npt.NDArray[np.complexfloating[Any]]:
    """Symbols (N, K) at the timing of most power, which is where the eye is open."""
    best = (np.abs(phases) ** 2).mean(axis=2).argmax(axis=0)
    return phases[best, np.arange(phases.shape[1])]


def _amplitudes(magnitude: FloatArray) -> tuple[int, float]:
    """How many clusters the amplitudes of a row form, and the smallest over their rms."""
    ordered = np.sort(magnitude / np.sqrt(np.mean(magnitude**2)))
    return 1 + int((np.diff(ordered) > _GAP).sum()), float(ordered[0])
