"""WAV recordings: I on the left, Q on the right."""

import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.io import wavfile

from rfmae.captures.read_options import ReadOptions
from rfmae.captures.record import Capture
from rfmae.errors import CaptureError
from rfmae.records import ComplexArray

_KINDS = {  # name in SigMF without its byte order, zero, full scale
    "uint8": ("cu8", 128.0, 128.0),
    "int16": ("ci16", 0.0, 32768.0),
    "int32": ("ci32", 0.0, 2147483648.0),  # scipy returns 24 bits as the upper ones of these
    "float32": ("cf32", 0.0, 1.0),
    "float64": ("cf64", 0.0, 1.0),
}
_MAGIC = (b"RIFF", b"RIFX", b"RF64")
_BROKEN = (ValueError, TypeError, NameError, ArithmeticError, OSError, MemoryError, struct.error)


def is_wav(path: Path) -> bool:
    """Whether a file is a WAV by its name or by its first bytes."""
    with path.open("rb") as file:
        head = file.read(12)
    return path.suffix.lower() == ".wav" or (head[:4] in _MAGIC and head[8:] == b"WAVE")


def read_wav(path: Path, read_options: ReadOptions) -> Capture:
    """Read a stereo WAV of 8, 16, 24 or 32 bits or of floats; whole numbers are scaled to ±1."""
    read_options.refuse_datatype(path)
    rate_hz, frames = _frames(path)
    _check(path, rate_hz, frames)
    name, zero, full_scale = _KINDS[frames.dtype.name]
    part = read_options.part(path, len(frames))
    return Capture(
        iq=_scaled(frames[part.start : part.stop], zero, full_scale),
        sample_rate_hz=read_options.rate(path, float(rate_hz)),
        path=path,
        datatype=f"{name}{_byte_order(frames.dtype)}",
    )


def _check(path: Path, rate_hz: int, frames: npt.NDArray[Any]) -> None:
    """Two channels of a known type, some samples and a rate."""
    if frames.ndim != 2 or frames.shape[1] != 2:
        channels = 1 if frames.ndim == 1 else frames.shape[1]
        raise CaptureError(
            f"a WAV of I/Q has two channels, I left and Q right; {path} has {channels}"
        )
    if frames.dtype.name not in _KINDS:
        raise CaptureError(
            f"a WAV must hold {', '.join(_KINDS)} samples, {path} holds {frames.dtype.name}"
        )
    if not len(frames):
        raise CaptureError(f"{path} holds no samples")
    if rate_hz <= 0:
        raise CaptureError(f"the sample rate of {path} must be positive, got {rate_hz}")


def _byte_order(dtype: np.dtype[Any]) -> str:
    if dtype.itemsize == 1:
        return ""
    return "_be" if dtype.str.startswith(">") else "_le"


def _frames(path: Path) -> tuple[int, npt.NDArray[Any]]:
    """Rate and frames (T, channels), memory-mapped where their width allows it."""
    try:
        with warnings.catch_warnings(action="ignore", category=wavfile.WavFileWarning):
            return wavfile.read(path, mmap=True)
    except _BROKEN:  # 24 bits cannot be mapped; a damaged file fails again below
        pass
    try:
        with warnings.catch_warnings(action="ignore", category=wavfile.WavFileWarning):
            warnings.filterwarnings("error", "Reached EOF", wavfile.WavFileWarning)
            return wavfile.read(path)
    except wavfile.WavFileWarning as problem:
        raise CaptureError(f"{path} ends before its header says; it was cut short") from problem
    except _BROKEN as problem:
        # scipy raises a NameError where there is no data chunk
        reason = "it has no data" if isinstance(problem, NameError) else problem
        raise CaptureError(f"{path} is not a WAV that can be read: {reason}") from problem


def _scaled(frames: npt.NDArray[Any], zero: float, full_scale: float) -> ComplexArray:
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # beyond float32 is infinite, which a capture refuses
        values = np.array(frames, np.float32)
    if full_scale != 1.0:
        values -= zero
        values /= full_scale
    return values.view(np.complex64)[:, 0]
