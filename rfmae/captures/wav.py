"""WAV recordings: I on the left, Q on the right, or real samples on one channel."""

from pathlib import Path

from rfmae.captures.read_options import ReadOptions
from rfmae.captures.recording import Recording
from rfmae.captures.sample_files import Piece, Span, frames_of, read_pieces
from rfmae.captures.sample_types import SampleType
from rfmae.captures.wav_chunks import MAGIC, WavLayout, wav_layout
from rfmae.errors import CaptureError

_DEPTHS = {  # bytes of a number and whether it is a float: letter and bits of its type, its zero
    (1, False): ("u", 8, 128.0),
    (2, False): ("i", 16, 0.0),
    (3, False): ("i", 32, 0.0),
    (4, False): ("i", 32, 0.0),
    (4, True): ("f", 32, 0.0),
    (8, True): ("f", 64, 0.0),
}


def is_wav(path: Path) -> bool:
    """Whether a file is a WAV by its name or by its first bytes."""
    with path.open("rb") as file:
        head = file.read(12)
    return path.suffix.lower() == ".wav" or (head[:4] in MAGIC and head[8:] == b"WAVE")


def open_wav(path: Path, read_options: ReadOptions) -> Recording:
    """A stereo WAV of 8, 16, 24 or 32 bits or of floats; whole numbers are scaled to ±1.

    One of a single channel is real, and is read as its analytic signal.
    """
    read_options.refuse_datatype(path)
    layout = wav_layout(path)
    _check(path, layout)
    kind = _kind(path, layout)
    frames = frames_of(path, kind, read_options)
    available = layout.n_bytes // layout.frame_bytes
    if not available:
        raise CaptureError(f"{path} holds no samples")
    pieces = (Piece(0, available, 0),)
    span = Span(path, layout.offset, layout.n_bytes)
    return Recording(
        path=path,
        samples=available,
        sample_rate_hz=read_options.rate(path, float(layout.rate_hz)),
        datatype=kind.name,
        read=lambda part: read_pieces(span, pieces, frames, part),
        notes=layout.notes,
    )


def _check(path: Path, layout: WavLayout) -> None:
    """One or two channels and a rate."""
    if layout.channels > 2:
        raise CaptureError(
            f"a WAV of I/Q has two channels, I left and Q right; {path} has {layout.channels}"
        )
    if layout.rate_hz <= 0:
        raise CaptureError(f"the sample rate of {path} must be positive, got {layout.rate_hz}")


def _kind(path: Path, layout: WavLayout) -> SampleType:
    """The sample type; that of 24 bits is named after the 32 whose upper ones they are."""
    found = _DEPTHS.get((layout.depth_bytes, layout.is_float))
    if found is None:
        what = "floats" if layout.is_float else "whole numbers"
        raise CaptureError(
            f"a WAV must hold whole numbers of 8, 16, 24 or 32 bits or floats of 32 or 64, {path} "
            f"holds {what} of {8 * layout.depth_bytes}"
        )
    letter, n_bits, zero = found
    field = "r" if layout.channels == 1 else "c"
    order, ending = ("", "") if n_bits == 8 else (">", "_be") if layout.big_endian else ("<", "_le")
    return SampleType(
        f"{field}{letter}{n_bits}{ending}",
        f"{order}{letter}{layout.depth_bytes}",
        full_scale=1.0 if layout.is_float else 2.0 ** (n_bits - 1),
        zero=zero,
    )
