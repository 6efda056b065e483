"""The chunks of a WAV: its format, and where its samples lie, whatever length the header states.

A recorder writes the length of the data when it closes the file. One that was killed leaves 0, one
that writes into a pipe 2**32 - 1 (or 0x7ffff000, sox), and one that passes 4 GiB the length modulo
2**32. So a length is only believed where the file ends after it, or goes on with further chunks.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rfmae.errors import CaptureError

MAGIC = (b"RIFF", b"RIFX", b"RF64")

_WRAP = 2**32
_UNKNOWN = _WRAP - 1
_PIPED, _ROUNDING = 0x7FFFF000, 64  # of sox, rounded down to whole frames
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_HEAD = 8  # bytes of a chunk before its content: name and length
_LARGEST_FORMAT = 1024


@dataclass(frozen=True, slots=True)
class WavLayout:
    """Format and place of the samples of a WAV."""

    is_float: bool
    big_endian: bool
    channels: int
    rate_hz: int
    frame_bytes: int  # of one sample of all channels
    offset: int
    n_bytes: int
    notes: tuple[str, ...] = ()

    @property
    def depth_bytes(self) -> int:
        """Bytes of one number."""
        return self.frame_bytes // self.channels


@dataclass(frozen=True, slots=True)
class _Chunk:
    name: bytes
    offset: int  # of its content
    stated: int


def wav_layout(path: Path) -> WavLayout:
    """The format and the place of the samples of a WAV."""
    n_bytes = path.stat().st_size
    with path.open("rb") as file:
        magic = file.read(4)
        if magic not in MAGIC or file.read(8)[4:] != b"WAVE":
            raise CaptureError(f"{path} is not a WAV: it must begin with RIFF and WAVE")
        order = ">" if magic == b"RIFX" else "<"
        stated_long, described = None, b""
        for chunk in _chunks(file, order, 12, n_bytes):
            file.seek(chunk.offset)
            if chunk.name == b"ds64" and magic == b"RF64":
                stated_long = _number(path, file.read(16)[8:], "<Q")
            elif chunk.name == b"fmt ":
                described = file.read(min(chunk.stated, _LARGEST_FORMAT))
            elif chunk.name == b"data":
                long = chunk.stated == _UNKNOWN and stated_long
                stated = long or chunk.stated
                held, notes = _data_bytes(path, file, order, chunk.offset, stated, n_bytes)
                return _layout(path, described, order, chunk.offset, held, notes)
    raise CaptureError(f"{path} is not a WAV that can be read: it has no data")


def _chunks(file: BinaryIO, order: str, first: int, n_bytes: int) -> Iterator[_Chunk]:
    """The chunks from a byte on, as far as the lengths that they state lead."""
    place = first
    while place + _HEAD <= n_bytes:
        file.seek(place)
        name, stated = struct.unpack(f"{order}4sI", file.read(_HEAD))
        yield _Chunk(name, place + _HEAD, stated)
        place += _HEAD + stated + stated % 2


def _data_bytes(
    path: Path, file: BinaryIO, order: str, offset: int, stated: int, n_bytes: int
) -> tuple[int, tuple[str, ...]]:
    """The bytes of samples, and a note where the header states another length."""
    available = n_bytes - offset
    if stated == available:
        return stated, ()
    if stated == _UNKNOWN or (stated > available and _PIPED - _ROUNDING < stated <= _PIPED):
        return available, _note(stated, available)
    if stated > available:
        raise CaptureError(
            f"{path} must hold the {stated:,} bytes of samples that its header states, got "
            f"{available:,}; it was cut short"
        )
    for length in range(stated, available + 1, _WRAP):
        if _goes_on(file, order, offset + length, n_bytes):
            return length, () if length == stated else _note(stated, length)
    return available, _note(stated, available)


def _goes_on(file: BinaryIO, order: str, place: int, n_bytes: int) -> bool:
    """Whether from a byte on there is nothing but whole chunks, with or without a byte to pad."""
    return any(_are_chunks(file, order, first, n_bytes) for first in {place, place + place % 2})


def _are_chunks(file: BinaryIO, order: str, first: int, n_bytes: int) -> bool:
    end = first
    for chunk in _chunks(file, order, first, n_bytes):
        if not all(0x20 <= letter < 0x7F for letter in chunk.name):
            return False
        end = chunk.offset + chunk.stated
        if end > n_bytes:
            return False
    return n_bytes - end < _HEAD  # fewer bytes are no chunk and no sample of a recorder


def _note(stated: int, held: int) -> tuple[str, ...]:
    return (f"the header states {stated:,} bytes of samples, but {held:,} were found and read",)


def _layout(
    path: Path, described: bytes, order: str, offset: int, held: int, notes: tuple[str, ...]
) -> WavLayout:
    if len(described) < 16:
        raise CaptureError(f"{path} is not a WAV that can be read: its format is missing")
    tag, channels, rate_hz, _, frame_bytes, _ = struct.unpack(f"{order}HHIIHH", described[:16])
    if tag == _EXTENSIBLE and len(described) >= 26:
        tag = _number(path, described[24:26], f"{order}H")
    if tag not in (_PCM, _FLOAT):
        raise CaptureError(
            f"a WAV must hold whole numbers or floats (format 1 or 3), {path} has format {tag}"
        )
    if not channels or not frame_bytes or frame_bytes % channels:
        raise CaptureError(
            f"{path} is not a WAV that can be read: it has {channels} channels in "
            f"{frame_bytes} bytes"
        )
    whole = held // frame_bytes * frame_bytes
    big = order == ">"
    return WavLayout(tag == _FLOAT, big, channels, rate_hz, frame_bytes, offset, whole, notes)


def _number(path: Path, data: bytes, form: str) -> int:
    if len(data) < struct.calcsize(form):
        raise CaptureError(f"{path} ends within its header; it was cut short")
    return int(struct.unpack(form, data)[0])
