"""Reading of a range of samples from a file, with headers in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rfmae.captures.sample_types import SampleType, decode
from rfmae.errors import CaptureError
from rfmae.records import ComplexArray


@dataclass(frozen=True, slots=True)
class Span:
    """A range of bytes of a file."""

    path: Path
    offset: int
    n_bytes: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Contiguous samples; the byte offset is counted from the start of the span."""

    start: int
    count: int
    byte: int


def whole_samples(path: Path, n_bytes: int, kind: SampleType) -> int:
    """The number of samples in `n_bytes`, at least one and all of them complete."""
    if n_bytes <= 0:
        raise CaptureError(f"{path} holds no samples")
    if n_bytes % kind.n_bytes:
        raise CaptureError(
            f"{path} must hold whole {kind.name} samples of {kind.n_bytes} bytes, "
            f"got {n_bytes} bytes; it was cut short"
        )
    return n_bytes // kind.n_bytes


def read_pieces(span: Span, pieces: Sequence[Piece], kind: SampleType, part: range) -> ComplexArray:
    """The samples of `part`, shape (len(part),), without reading the rest of the file."""
    iq = np.empty(len(part), np.complex64)
    for piece in pieces:
        start = max(piece.start, part.start)
        stop = min(piece.start + piece.count, part.stop)
        if start < stop:
            byte = span.offset + piece.byte + (start - piece.start) * kind.n_bytes
            target = iq[start - part.start : stop - part.start].view(np.float32)
            _decode_file(span.path, byte, kind, target)
    return iq


def _decode_file(path: Path, byte: int, kind: SampleType, out: np.ndarray) -> None:
    try:
        parts = np.memmap(path, kind.component, mode="r", offset=byte, shape=out.shape)
    except (OSError, ValueError) as problem:
        raise CaptureError(f"{path} cannot be read: {problem}") from problem
    decode(parts, kind, out)
