"""The power of a recording over time and frequency."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.fft import fft

from rfmae.records import ComplexArray

_SMALLEST, _LARGEST = 64, 4096  # samples of a frame

PowerArray = npt.NDArray[np.float32]

_BLACKMAN_HARRIS = (0.35875, -0.48829, 0.14128, -0.01168)  # sidelobes of -92 dB (Harris 1978)
_CHUNK = 2**18  # samples that are transformed at a time


@dataclass(frozen=True, slots=True)
class Grid:
    """The power of frames of samples, each half over the one before.

    White noise of unit power has a mean of 1 in each cell.
    """

    power: PowerArray  # (frames, bins), from frequency 0 on
    hop: int  # samples

    @property
    def frames(self) -> int:
        """Along time."""
        return len(self.power)

    @property
    def bins(self) -> int:
        """Along frequency, of 1 / bins cycles per sample; as many as a frame has samples."""
        return self.power.shape[1]


def frame_length(count: int) -> int:
    """Samples of a frame for a recording of so many: as fine in time as in frequency."""
    power = round(np.log2(np.sqrt(2 * max(count, 1))))
    return int(np.clip(2**power, _SMALLEST, _LARGEST))


def spectrogram(iq: ComplexArray, frame: int, hop: int | None = None) -> Grid:
    """The power of (T,) under a Blackman-Harris window, in frames every `hop` samples (half)."""
    hop = hop or frame // 2
    iq = np.ascontiguousarray(iq, np.complex64)
    frames = np.lib.stride_tricks.sliding_window_view(iq, frame)[::hop]
    window = blackman_harris(frame)
    power = np.empty(frames.shape, np.float32)
    at_once = max(_CHUNK // frame, 1)
    for first in range(0, len(frames), at_once):
        found = fft(frames[first : first + at_once] * window, axis=1, overwrite_x=True)
        part = power[first : first + at_once]
        np.square(found.real, out=part)
        part += np.square(found.imag)
    return Grid(power, hop)


@cache
def blackman_harris(length: int) -> PowerArray:
    """A periodic window (length,) of unit energy."""
    turns = 2 * np.pi * np.arange(length) / length
    window = sum(c * np.cos(k * turns) for k, c in enumerate(_BLACKMAN_HARRIS))
    window = np.asarray(window)
    return np.asarray(window / np.linalg.norm(window), np.float32)
