"""What a plot of I/Q shows: neighbouring samples, their rates and units, and what is marked."""

import math
from dataclasses import dataclass

from rfmae.errors import ShapeError
from rfmae.records import ComplexArray
from rfmae.reporting.palette import DARK, LIGHT

OBSERVED, CLEAN = LIGHT["s0"], LIGHT["s1"]
STATED, FOUND = DARK["s6"], "#ffffff"
"""Colours of frames over a spectrogram: of what the file states, and of what was found."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A frame in time and frequency; edges in Hz from the centre of the samples, nan for none.

    What the file states is dashed, with its label above; what was found has its label below.
    """

    start: int
    count: int
    low_hz: float
    high_hz: float
    label: str = ""
    is_found: bool = False

    @property
    def colour(self) -> str:
        return FOUND if self.is_found else STATED


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Neighbouring samples of one signal with their rates and units."""

    iq: ComplexArray  # (T,)
    clean: ComplexArray  # (T,), its clean twin; (0,) where there is none
    sample_rate_hz: float  # nan where not known: frequencies are then in cycles per sample
    samples_per_symbol: float  # 1 for symbols, nan where not known
    amplitude: str = "amplitude as stored"  # the unit of the axes of I and Q
    centre_hz: float = 0.0  # of the radio, which axes of frequency begin from
    marks: tuple[Mark, ...] = ()  # what a spectrogram frames

    def __post_init__(self) -> None:
        if self.iq.ndim != 1 or self.iq.size == 0:
            raise ShapeError(f"iq to draw must have shape (T,) and samples, got {self.iq.shape}")
        if self.clean.size and self.clean.shape != self.iq.shape:
            raise ShapeError(
                f"clean must have the shape of iq {self.iq.shape}, got {self.clean.shape}"
            )

    @property
    def rate(self) -> float:
        """The sample rate in Hz, or 1 in its absence."""
        return self.sample_rate_hz if math.isfinite(self.sample_rate_hz) else 1.0

    @property
    def count(self) -> str:
        """The number of samples or symbols, in words."""
        return f"{self.iq.size:,} {'symbols' if self.samples_per_symbol == 1 else 'samples'}"

    @property
    def twins(self) -> tuple[tuple[str, str, ComplexArray], ...]:
        """Name, colour and I/Q of the signals that are drawn side by side."""
        observed = ("observed", OBSERVED, self.iq)
        return (observed, ("clean", CLEAN, self.clean)) if self.clean.size else (observed,)
