"""Signals that other people's libraries make: a module for each library and purpose.

Modules named `*_frames` time the frames of `synthesis.py`. Each has `PROGRAMS`, by name: a function
of a modulation and a number of frames that returns the call to be timed, or None where the library
has no such modulation. What a user does once (taps, tables, objects) is done before the call;
random symbols, shaping and noise are done in it.

Modules named `*_bursts` modulate what `peer_recordings.py` makes recordings of. Each has `NAMES`,
the classes that it has, and `bursts`: see `bursts.py`.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

SAMPLES = 1024  # of a frame
SAMPLES_PER_SYMBOL = 8
ROLLOFF = 0.35
SPAN_SYMBOLS = 12
ES_N0 = 10.0  # a ratio, which is 10 dB as well

MODULATION_INDEX = 0.35  # of GFSK
BT = 0.5

QAM_ORDERS = {"QPSK": 4, "16QAM": 16, "64QAM": 64}

Frames = npt.NDArray[np.complexfloating]
Make = Callable[[], Frames]
Program = Callable[[str, int], Make | None]
Signal = Callable[[int], Frames]
"""Samples of one signal (n,) from their number."""


def both_ways(library: str, signal_of: Callable[[str], Signal | None]) -> dict[str, Program]:
    """The programs of a library that makes one signal a call: a call a frame, or one cut up."""

    def frame_by_frame(modulation: str, frames: int) -> Make | None:
        signal = signal_of(modulation)
        return signal and (lambda: np.stack([signal(SAMPLES) for _ in range(frames)]))

    def cut_up(modulation: str, frames: int) -> Make | None:
        signal = signal_of(modulation)
        return signal and (lambda: signal(frames * SAMPLES).reshape(frames, SAMPLES))

    return {f"{library}, a call a frame": frame_by_frame, f"{library}, one call cut up": cut_up}
