"""A burst: where a signal lies in the time and the frequency of a recording."""

import math
from dataclasses import dataclass

from rfmae.errors import ShapeError

_WHOLE = 0.9  # of the band: what is wider leaves nothing empty


@dataclass(frozen=True, slots=True)
class Burst:
    """A stretch of time and a band of frequencies that hold one signal.

    Times are in samples, frequencies in cycles per sample. Where the band lies across half the
    sample rate, `high` is above 0.5. Of a signal that drifts the band moves: its edges are those at
    the middle of the burst.
    """

    start: int
    stop: int
    low: float
    high: float
    snr_db: float  # mean power of the signal over that of the noise in the band; inf: no noise seen
    drift: float = 0.0  # cycles per sample, per sample
    whole_band: bool = False  # no part of the band is empty
    goes_on: bool = False  # cut at the end of a segment of a stream

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.stop:
            raise ShapeError(f"a burst must begin before it ends, got {self.start}, {self.stop}")
        if not -0.5 <= self.low < self.high <= self.low + 1:
            raise ShapeError(f"a band must lie within one sample rate, got {self.low} {self.high}")

    @property
    def centre(self) -> float:
        """The middle of the band, from -0.5 to 0.5."""
        return wrapped((self.low + self.high) / 2)

    @property
    def occupied(self) -> float:
        """The width of the band."""
        return self.high - self.low

    @property
    def length(self) -> int:
        """In samples."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class DetectionOptions:
    """How sure a detection must be.

    Args:
        false_alarm_rate: Probability, at most, that a recording, or a segment of a stream, that
            holds nothing but noise has a burst; margins for an estimated floor make it less.
        needs_floor: Look for nothing in a recording whose band has no empty part at any time.
    """

    false_alarm_rate: float = 1e-3
    needs_floor: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.false_alarm_rate < 1:
            raise ShapeError(
                f"false_alarm_rate must lie between 0 and 1, got {self.false_alarm_rate}"
            )


def apart(one: float, other: float) -> float:
    """The distance of two frequencies in cycles per sample, on the circle of the sample rate."""
    return abs(wrapped(one - other))


def wrapped(frequency: float) -> float:
    """A frequency in cycles per sample, from -0.5 to 0.5."""
    return (frequency + 0.5) % 1.0 - 0.5


def burst_of(times: range, centre: float, width: float, snr_db: float, drift: float = 0.0) -> Burst:
    """A burst from the centre and the width of its band."""
    width = min(width, 1.0)
    low = wrapped(centre - width / 2) if width < _WHOLE else -0.5 * width
    if not math.isfinite(drift):
        drift = 0.0
    return Burst(
        times.start,
        times.stop,
        float(low),
        float(low + width),
        float(snr_db),
        float(drift),
        whole_band=bool(width >= _WHOLE),
    )
