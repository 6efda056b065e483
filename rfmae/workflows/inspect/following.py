"""Bursts of raw samples that come through a pipe, each when it is over."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from rfmae.bursts.identifying import BLIND, IdentifyOptions
from rfmae.bursts.records import BurstAnswer
from rfmae.bursts.streaming import identify_stream
from rfmae.captures.likely_types import misread_as
from rfmae.captures.read_options import ReadOptions
from rfmae.captures.record import Segment
from rfmae.captures.sample_blocks import sample_blocks
from rfmae.captures.sample_types import SampleType, sample_type
from rfmae.captures.standard_input import STANDARD_INPUT as STANDARD_INPUT
from rfmae.captures.standard_input import piped_bytes, require_type_and_rate
from rfmae.errors import CaptureError
from rfmae.records import ComplexArray
from rfmae.signal.detection.streaming import SEGMENT
from rfmae.workflows.inspect.burst_json import burst_json
from rfmae.workflows.inspect.burst_words import NOTHING, decibels, estimate_words, shortest, si

_BLOCK_SECONDS, _SEGMENT_SECONDS = 0.05, 1.0
_BLOCKS = (4096, 1 << 20)  # samples of a block, fewest and most
_SEGMENTS = (1 << 18, SEGMENT)


@dataclass(frozen=True, slots=True)
class Heard:
    """A burst of a stream, and how long after its end it is told, in seconds of the stream."""

    burst: BurstAnswer
    latency_s: float


@dataclass(slots=True)
class Stream:
    """Raw samples of a pipe, of which `read` were taken so far."""

    source: BinaryIO
    kind: SampleType
    sample_rate_hz: float
    options: IdentifyOptions = BLIND
    read: int = field(default=0, init=False)

    @property
    def block(self) -> int:
        """Samples that are read at once."""
        return _bounded(self.sample_rate_hz * _BLOCK_SECONDS, *_BLOCKS)

    @property
    def segment(self) -> int:
        """Samples that are searched at once."""
        return _bounded(self.sample_rate_hz * _SEGMENT_SECONDS, *_SEGMENTS)

    @property
    def words(self) -> str:
        """What is followed, and how long after its end a burst is told at most."""
        rate = shortest(self.sample_rate_hz, "samples/s")
        latency = (2 * self.segment + self.block) / self.sample_rate_hz
        return (
            f"following {self.kind.name} at {rate}; a burst is told at most {latency:.3g} s of the "
            "stream after its end"
        )

    def bursts(self) -> Iterator[Heard]:
        """Every burst when it is over, up to the end of the stream."""
        found = identify_stream(
            self._blocks(), self.sample_rate_hz, self.options, segment=self.segment
        )
        for burst in found:
            yield Heard(burst, max(self.read - burst.stop, 0) / self.sample_rate_hz)

    def _blocks(self) -> Iterator[ComplexArray]:
        for iq in sample_blocks(self.source, self.kind, self.block):
            if not self.read:
                self._refuse_misread(iq)
            self.read += len(iq)
            yield iq
        if not self.read:
            raise CaptureError("standard input holds no samples; it is empty")

    def _refuse_misread(self, iq: ComplexArray) -> None:
        """Refuse samples that are of another type than was told, by their first block."""
        why = misread_as(iq[np.isfinite(iq)], self.kind.name)
        if why:
            raise CaptureError(
                f"standard input cannot be followed: {why}: it is hardly {self.kind.name}; name "
                "its type, such as --dtype ci16"
            )


def _bounded(samples: float, fewest: int, most: int) -> int:
    return min(max(int(samples), fewest), most)


def opened(read_options: ReadOptions, options: IdentifyOptions = BLIND) -> Stream:
    """The stream of standard input, whose type and rate must be told.

    Raises:
        CaptureError: Neither or one of them alone, a terminal, real samples.
    """
    require_type_and_rate(read_options)
    kind = sample_type(str(read_options.datatype))
    if kind.is_real:
        raise CaptureError(f"--follow takes complex samples, but {kind.name} is real")
    rate_hz = read_options.sample_rate_hz
    assert rate_hz is not None
    return Stream(piped_bytes(), kind, float(rate_hz), options)


def heard_words(heard: Heard, sample_rate_hz: float) -> str:
    """A burst in one line: when, where, what, and how long ago."""
    burst = heard.burst
    resolution = burst.bandwidth_hz / 50
    named = burst.modulation
    if burst.is_known:
        named += f" {burst.probability:.2f}"
    elif burst.reasons:
        named += f" ({'; '.join(burst.reasons)})"
    rate = estimate_words(burst.symbol_rate_hz, "Bd")
    return "  ".join(
        [
            f"{burst.start / sample_rate_hz:.6f}–{burst.stop / sample_rate_hz:.6f} s",
            f"samples {burst.start}–{burst.stop}",
            si(burst.centre_hz, "Hz", resolution, signed=True),
            si(burst.bandwidth_hz, "Hz", resolution) + " wide",
            f"SNR {decibels(burst.snr_db)}",
            named,
            *([] if rate == NOTHING else [rate]),
            f"told {heard.latency_s:.3f} s after its end",
        ]
    )


def heard_json(heard: Heard, sample_rate_hz: float) -> dict[str, Any]:
    """A burst of a stream as plain JSON, on one line: the fields of a file's, and its latency."""
    found = burst_json(heard.burst, sample_rate_hz, (Segment(0),))
    return {**found, "latency_s": heard.latency_s}
