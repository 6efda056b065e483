"""A recording in memory: samples, annotations and segments."""

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rfmae.captures.likely_types import misread_as
from rfmae.errors import CaptureError
from rfmae.records import ComplexArray

_SYMBOL_RATE = re.compile(r"\bsymbol_rate\s*[=:]\s*(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)")


@dataclass(frozen=True, slots=True)
class Annotation:
    """An annotation of a recording; sample numbers count from its first sample.

    The edges are in Hz relative to the centre of the recording, nan where they are not stated, as
    is the SNR in dB, which rfmae writes beside the fields of the standard.
    """

    start: int
    count: int
    label: str = ""
    low_hz: float = math.nan
    high_hz: float = math.nan
    comment: str = ""
    snr_db: float = math.nan

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
    notes: tuple[str, ...] = ()  # what was concluded, and not stated
    keeps_non_finite: bool = False  # NaN and infinite samples are let through, on request

    def __post_init__(self) -> None:
        if self.iq.size == 0:
            raise CaptureError(f"{self.path} holds no samples")
        if self.keeps_non_finite:
            return
        bad = int(np.count_nonzero(~np.isfinite(self.iq)))
        if bad:
            raise CaptureError(
                f"I/Q must be finite, but {self.path} holds {bad} NaN or infinite samples "
                f"of {self.iq.size} when read as {self.datatype}"
            )

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why the samples are hardly of the type that they were read as; empty where they are."""
        finite = self.iq if not self.keeps_non_finite else self.iq[np.isfinite(self.iq)]
        why = misread_as(finite, self.datatype)
        if not why:
            return ()
        other = "cf32" if "whole numbers" in why else "ci16"
        return (
            f"{why}: the file is hardly {self.datatype}; name its type, such as --dtype {other}",
        )

    @property
    def symbol_rate_hz(self) -> float | None:
        """The symbol rate that an annotation states as `symbol_rate=…`, in Hz; None where none."""
        for mark in self.annotations:
            stated = _SYMBOL_RATE.search(mark.comment)
            if stated is not None and float(stated[1]) > 0:
                return float(stated[1])
        return None

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of its annotations, each once, in alphabetic order."""
        return tuple(sorted({mark.label for mark in self.annotations} - {""}))
