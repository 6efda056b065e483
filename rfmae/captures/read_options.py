"""Options of reading a recording: its type, its rate, its channel, and the part to read."""

import math
from dataclasses import dataclass
from pathlib import Path

from rfmae.errors import CaptureError


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """The options of reading; a type or a rate that is not given is left to the file.

    `channel` counts from 0; `analytic` makes real samples complex. Where neither the file nor a
    caller states a rate, `rate_unstated_hz` stands for it, such as nan where none is needed.
    `keep_non_finite` lets NaN and infinite samples through, for a caller that leaves them out.
    """

    datatype: str | None = None
    sample_rate_hz: float | None = None
    first_sample: int = 0
    count: int | None = None  # up to the end
    channel: int | None = None
    analytic: bool = False
    rate_unstated_hz: float | None = None
    keep_non_finite: bool = False

    def __post_init__(self) -> None:
        if self.sample_rate_hz is not None and not 0 < self.sample_rate_hz < math.inf:
            raise CaptureError(
                f"the sample rate (--rate) must be positive, got {self.sample_rate_hz:g} Hz"
            )
        if self.first_sample < 0:
            raise CaptureError(f"the first sample must be 0 or later, got {self.first_sample}")
        if self.count is not None and self.count < 1:
            raise CaptureError(f"at least one sample must be requested, got {self.count}")
        if self.channel is not None and self.channel < 0:
            raise CaptureError(f"channels (--channel) count from 0, got {self.channel}")

    def part(self, path: Path, available: int) -> range:
        """The requested samples, of those that `path` has."""
        stop = available if self.count is None else self.first_sample + self.count
        if not self.first_sample < stop <= available:
            last = "on" if self.count is None else f"to {stop - 1}"
            raise CaptureError(
                f"{path} holds {available} samples, but those from {self.first_sample} {last} "
                "are requested; request fewer"
            )
        return range(self.first_sample, stop)

    def rate(self, path: Path, stated_hz: float) -> float:
        """The rate that the file states, which a given one may not contradict."""
        if self.sample_rate_hz not in (None, stated_hz):
            raise CaptureError(
                f"{path} states a sample rate of {stated_hz:.12g} Hz, but "
                f"{self.sample_rate_hz:.12g} Hz was given; leave out --rate"
            )
        return stated_hz

    def refuse_datatype(self, path: Path) -> None:
        """Refuse a type for a file that states its own."""
        if self.datatype is not None:
            raise CaptureError(
                f"{path} states its own sample type, but {self.datatype!r} was given; "
                "leave out --dtype"
            )

    def channel_of(self, path: Path, channels: int) -> int:
        """The channel to read, of so many; one of several must be chosen."""
        if self.channel is None and channels > 1:
            raise CaptureError(
                f"{path} has {channels} channels; choose one with --channel, 0 to {channels - 1}"
            )
        if self.channel is not None and self.channel >= channels:
            raise CaptureError(
                f"{path} has {channels} channel{'s' if channels > 1 else ''}, counted from 0, but "
                f"--channel {self.channel} was given"
            )
        return self.channel or 0

    def require_analytic(self, path: Path, kind: str) -> None:
        """Refuse real samples unless they are to be made complex."""
        if not self.analytic:
            raise CaptureError(
                f"{path} holds real samples ({kind}), which have no I and Q; make them complex "
                "with --analytic, which removes their negative frequencies"
            )
