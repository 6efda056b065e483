"""A recording that was opened and checked, but whose samples are still on the disk."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rfmae.captures.record import Annotation, Capture, Segment
from rfmae.errors import CaptureError
from rfmae.records import ComplexArray

Samples = tuple[ComplexArray, tuple[str, ...]]
"""Samples (T,), and what is to be noted of them."""

_SAMPLE_BYTES = 8  # in memory


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Recording:
    """The facts of a recording, and functions that read the part of it that they are given."""

    path: Path
    samples: int
    sample_rate_hz: float  # nan where nothing states it and a caller can do without
    datatype: str
    read: Callable[[range], Samples]
    notes: tuple[str, ...] = ()
    marks: Callable[[range], tuple[Annotation, ...]] = lambda _: ()
    segments: Callable[[range], tuple[Segment, ...]] = lambda _: (Segment(0),)
    verify: Callable[[], None] = lambda: None  # the checksum of the whole

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        """The annotations of the whole."""
        return self.marks(range(self.samples))

    def capture(self, part: range, *, keep_non_finite: bool = False) -> Capture:
        """A part in memory, which must have room for it."""
        _refuse_too_many(self.path, len(part))
        if len(part) == self.samples:
            self.verify()
        iq, said = self.read(part)
        return Capture(
            iq=iq,
            sample_rate_hz=self.sample_rate_hz,
            path=self.path,
            annotations=self.marks(part),
            segments=self.segments(part),
            datatype=self.datatype,
            notes=(*self.notes, *said),
            keeps_non_finite=keep_non_finite,
        )


def _refuse_too_many(path: Path, samples: int) -> None:
    """Refuse more samples than the machine has memory for, before any of it is taken."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    needed = samples * _SAMPLE_BYTES
    if needed > memory:
        raise CaptureError(
            f"{path} has {samples:,} samples to read, which take {needed / 1e9:,.4g} GB of memory, "
            f"but there are {memory / 1e9:,.4g} GB; read a part of it with fewer samples"
        )
