"""What is said of a recording: of each burst when, where, how strong, and which modulation."""

import math
from dataclasses import dataclass, field

from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.blind.spectrum import Estimate

UNKNOWN = "unknown"
"""The name of a burst that is none of the classes, or cannot be told from others."""

NOISE = "noise"
"""The class of what is noise alone."""


@dataclass(frozen=True, slots=True)
class BurstAnswer:
    """One burst of a recording, where it lies in time and frequency, and what it is.

    Frequencies are in Hz from the centre of the recording, times in samples from its first. Of a
    burst that drifts, centre and band are those of its middle.
    `modulation` is a class or `unknown`, whose `reasons` say why; `best` is the most probable class
    all the same. Estimates are None where there was nothing to measure them on.
    """

    start: int
    stop: int
    centre_hz: float
    bandwidth_hz: float  # occupied
    snr_db: float  # of the occupied band: signal over noise within it; inf where none is seen
    modulation: str
    probability: float  # of `best`, calibrated
    best: str
    probabilities: dict[str, float]
    outlier_score: float = math.nan  # unknown above 1
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    symbol_rate_hz: Estimate | None = None
    carrier_hz: Estimate | None = None  # from the centre of the recording
    roll_off: Estimate | None = None
    symbol_snr_db: Estimate | None = None  # Es/N0
    drift_hz: float = 0.0  # by which the band moves from the first to the last sample
    windows: FloatArray | None = field(default=None, repr=False)  # (W, M), part by part
    received: ComplexArray | None = field(default=None, repr=False)  # (T,), isolated, before
    symbols: ComplexArray | None = field(default=None, repr=False)  # (K,), after the receiver

    @property
    def low_hz(self) -> float:
        """The lower edge of the occupied band."""
        return self.centre_hz - self.bandwidth_hz / 2

    @property
    def high_hz(self) -> float:
        """The upper edge of the occupied band."""
        return self.centre_hz + self.bandwidth_hz / 2

    @property
    def edges_hz(self) -> tuple[float, float]:
        """The edges of all that its band drifts through."""
        walk_hz = abs(self.drift_hz) / 2
        return self.low_hz - walk_hz, self.high_hz + walk_hz

    @property
    def is_too_short(self) -> bool:
        """Whether there was nothing to measure features on."""
        return self.windows is None

    @property
    def is_known(self) -> bool:
        """Whether the modulation is a class, and not unknown or noise."""
        return self.modulation not in (UNKNOWN, NOISE)


@dataclass(frozen=True, slots=True)
class RecordingAnswer:
    """The bursts of a recording (or of a part of a stream), in the order of their beginning.

    Without bursts it holds noise alone. `noise_density_db` is the power of the noise in a band as
    wide as the sample rate, over 1; `notes` say what was left out and corrected.
    """

    sample_rate_hz: float
    samples: int
    bursts: tuple[BurstAnswer, ...]
    notes: tuple[str, ...] = ()
    noise_density_db: float = math.nan
