"""A recording in memory: samples, annotations and segments."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rfmae.errors import CaptureError
from rfmae.records import ComplexArray


@dataclass(frozen=True, slots=True)
class Annotation:
    """An annotation of a recording; sample numbers count from its first sample.

    The edges are in Hz relative to the centre of the recording, nan where they are not stated.
    """

    start: int
    count: int
    label: str = ""
    low_hz: float = math.nan
    high_hz: float = math.nan
    comment: str = ""

    def __post_init__(self) -> None:
        if self.start < 0 or self.count < 0:
            raise CaptureError(
                "an annotation starts at sample 0 or later and has no negative length, "
                f"got start {self.start}, count {self.count}"
            )


@dataclass(frozen=True, slots=True)
class Segment:
    """The tuning of the radio from `start` on; nan and an empty text where nothing is stated."""

    start: int
    centre_frequency_hz: float = math.nan
    datetime: str = ""  # of its first sample, ISO 8601


@dataclass(frozen=True, slots=True)
class Capture:
    """A recording of one channel of complex baseband, or a part of one."""

    iq: ComplexArray  # (T,), fixed-point samples scaled to ±1
    sample_rate_hz: float
    path: Path
    annotations: tuple[Annotation, ...] = ()
    segments: tuple[Segment, ...] = (Segment(0),)
    datatype: str = "cf32_le"  # of the file

    def __post_init__(self) -> None:
        if self.iq.size == 0:
            raise CaptureError(f"{self.path} holds no samples")
        bad = int(np.count_nonzero(~np.isfinite(self.iq)))
        if bad:
            raise CaptureError(
                f"I/Q must be finite, but {self.path} holds {bad} NaN or infinite samples "
                f"of {self.iq.size} when read as {self.datatype}"
            )

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of its annotations, each once, in alphabetic order."""
        return tuple(sorted({mark.label for mark in self.annotations} - {""}))
