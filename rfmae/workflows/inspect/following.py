"""Bursts of raw samples that come through a pipe, each when it is over."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from rfmae.bursts.records import BurstAnswer
from rfmae.captures.read_options import ReadOptions
from rfmae.captures.record import Segment
from rfmae.captures.sample_blocks import sample_blocks
from rfmae.captures.sample_types import SampleType, sample_type
from rfmae.captures.standard_input import STANDARD_INPUT as STANDARD_INPUT
from rfmae.captures.standard_input import piped_bytes, require_type_and_rate
from rfmae.errors import CaptureError
from rfmae.records import ComplexArray
from rfmae.workflows.inspect.burst_json import burst_json
from rfmae.workflows.inspect.burst_words import NOTHING, decibels, estimate_words, shortest, si

_BLOCK_SECONDS = 0.05
_SHORTEST, _LONGEST = 4096, 1 << 20  # samples of a block


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
    read: int = field(default=0, init=False)

    @property
    def block(self) -> int:
        """Samples that are read at once."""
        wanted = int(self.sample_rate_hz * _BLOCK_SECONDS)
        return min(max(wanted, _SHORTEST), _LONGEST)

    @property
    def words(self) -> str:
        """What is followed, and in which steps."""
        rate = shortest(self.sample_rate_hz, "samples/s")
        length = self.block / self.sample_rate_hz
        return (
            f"following {self.kind.name} at {rate} in blocks of {self.block:,} samples "
            f"({length:.3g} s); each line says how long after its burst it was printed"
        )

    def bursts(self) -> Iterator[Heard]:
        """Every burst when it is over, up to the end of the stream."""
        for burst in identified_stream(self._blocks(), self.sample_rate_hz):
            yield Heard(burst, max(self.read - burst.stop, 0) / self.sample_rate_hz)

    def _blocks(self) -> Iterator[ComplexArray]:
        for iq in sample_blocks(self.source, self.kind, self.block):
            self.read += len(iq)
            yield iq


def identified_stream(
    blocks: Iterator[ComplexArray], sample_rate_hz: float
) -> Iterator[BurstAnswer]:
    """The bursts of blocks, by what comes with rfmae."""
    from rfmae.bursts import identify_stream

    return identify_stream(blocks, sample_rate_hz)


def opened(read_options: ReadOptions) -> Stream:
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
    return Stream(piped_bytes(), kind, float(rate_hz))


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
