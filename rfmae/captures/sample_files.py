"""Reading of a range of samples from a file, with headers and other channels in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rfmae.captures.analytic import ANALYTIC_NOTE, analytic_signal, with_margin
from rfmae.captures.read_options import ReadOptions
from rfmae.captures.sample_types import SampleType, decode, widened
from rfmae.errors import CaptureError
from rfmae.records import ComplexArray, FloatArray


@dataclass(frozen=True, slots=True)
class Span:
    """A range of bytes of a file; `path` is where they lie, `name` what errors call them."""

    path: Path
    offset: int
    n_bytes: int
    named: Path | None = None

    @property
    def name(self) -> Path:
        return self.named or self.path


@dataclass(frozen=True, slots=True)
class Piece:
    """Contiguous samples; the byte offset is counted from the start of the span."""

    start: int
    count: int
    byte: int


@dataclass(frozen=True, slots=True)
class Frames:
    """Samples of several channels in turn, of which one is read."""

    kind: SampleType
    channels: int = 1
    channel: int = 0

    @property
    def n_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return self.channels * self.kind.n_bytes


def frames_of(path: Path, kind: SampleType, read_options: ReadOptions, channels: int = 1) -> Frames:
    """How samples lie in a file, of the channel that is chosen; real ones only on request."""
    frames = Frames(kind, channels, read_options.channel_of(path, channels))
    if kind.is_real:
        read_options.require_analytic(path, kind.name)
    return frames


def whole_samples(path: Path, n_bytes: int, frames: Frames) -> int:
    """The number of samples in `n_bytes`, at least one and all of them complete."""
    if n_bytes <= 0:
        raise CaptureError(f"{path} holds no samples")
    if n_bytes % frames.n_bytes:
        channels = "" if frames.channels == 1 else f" of {frames.channels} channels"
        raise CaptureError(
            f"{path} must hold whole {frames.kind.name} samples{channels} of {frames.n_bytes} "
            f"bytes, got {n_bytes} bytes; it was cut short"
        )
    return n_bytes // frames.n_bytes


def read_pieces(
    span: Span, pieces: Sequence[Piece], frames: Frames, part: range
) -> tuple[ComplexArray, tuple[str, ...]]:
    """The samples of `part`, shape (len(part),), without reading the rest, and what to note.

    Of real samples it is the analytic signal.
    """
    if not frames.kind.is_real:
        iq = np.empty(len(part), np.complex64)
        _read(span, pieces, frames, part, iq.view(np.float32))
        return iq, ()
    wide = with_margin(part, sum(piece.count for piece in pieces))
    values = np.empty(len(wide), np.float32)
    _read(span, pieces, frames, wide, values)
    return analytic_signal(values)[part.start - wide.start :][: len(part)], (ANALYTIC_NOTE,)


def _read(
    span: Span, pieces: Sequence[Piece], frames: Frames, part: range, out: FloatArray
) -> None:
    """The numbers of `part`, shape (len(part) * parts of a sample,), into `out`."""
    width = frames.kind.parts
    for piece in pieces:
        start = max(piece.start, part.start)
        stop = min(piece.start + piece.count, part.stop)
        if start < stop:
            byte = span.offset + piece.byte + (start - piece.start) * frames.n_bytes
            target = out[(start - part.start) * width : (stop - part.start) * width]
            _decode_file(span, byte, frames, target)


def _decode_file(span: Span, byte: int, frames: Frames, out: FloatArray) -> None:
    kind, width = frames.kind, frames.kind.parts
    shape: tuple[int, ...] = (len(out) // width, frames.channels, width)
    packed = kind.component.endswith("i3")
    component, shape = ("u1", (*shape, 3)) if packed else (kind.component, shape)
    try:
        numbers = np.memmap(span.path, component, mode="r", offset=byte, shape=shape)
    except (OSError, ValueError) as problem:
        raise CaptureError(f"{span.name} cannot be read: {problem}") from problem
    chosen = numbers[:, frames.channel]
    if packed:
        decode(widened(chosen.reshape(-1, 3), kind.component), kind, out)
    else:
        decode(chosen.reshape(-1), kind, out)
