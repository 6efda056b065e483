"""What practice recordings are drawn from, and what a waveform is."""

import math
from dataclasses import dataclass

import numpy as np

from rfmae.errors import RecipeError
from rfmae.records import ComplexArray

Rng = np.random.Generator

OTHER = "other"
"""The class of signals that are none of the list."""


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers between two limits, drawn evenly or evenly in the logarithm."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise RecipeError(f"a range begins with its lowest, got {self.low:g} to {self.high:g}")

    def even(self, rng: Rng) -> float:
        return float(rng.uniform(self.low, self.high))

    def by_octave(self, rng: Rng) -> float:
        return float(np.exp(rng.uniform(np.log(self.low), np.log(self.high))))


@dataclass(frozen=True, slots=True)
class Practice:
    """What is drawn for each recording; probabilities are of a defect being there at all."""

    snr_db: Range = Range(-2.0, 40.0)  # of the occupied band
    symbols: Range = Range(120.0, 5000.0)
    occupied: Range = Range(0.06, 0.7)  # of the recording's band
    roll_off: Range = Range(0.12, 0.6)
    whole_band: float = 0.15  # of linear modulations and noise: one sample a symbol
    bursts: float = 0.5  # with noise before and after; others are on all the time
    trains: float = 0.25  # of the bursts: many short ones with pauses between them
    fading: float = 0.2
    second_path: float = 0.2
    clock: float = 0.4
    drifting: float = 0.3
    phase_noise: float = 0.3
    imbalance: float = 0.3
    clipping: float = 0.05
    quantised: float = 0.4
    impulses: float = 0.03
    left_out: tuple[str, ...] = ()  # kinds of other signals


@dataclass(frozen=True, slots=True)
class Sent:
    """A waveform of unit power around zero frequency."""

    iq: ComplexArray
    occupied: float  # cycles per sample
    symbol_rate: float = math.nan
    kind: str = ""


def unit_power(iq: ComplexArray) -> ComplexArray:
    """Samples (T,) of unit mean power."""
    power = float(np.mean(np.square(np.abs(iq), dtype=np.float64)))
    return np.asarray(iq / np.float32(math.sqrt(max(power, 1e-30))), np.complex64)
