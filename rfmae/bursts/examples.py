"""Examples to learn from: practice recordings, detected, isolated and measured."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from rfmae.bursts.features.vector import LEAST_SAMPLES, measure
from rfmae.bursts.practice import Practice, PracticeRecording, practice_recording
from rfmae.bursts.records import NOISE
from rfmae.bursts.windows import WINDOW, active_runs
from rfmae.records import FloatArray
from rfmae.signal.detection import Burst, detect, isolate

_MOST_TRIES = 6  # recordings of which none is detected, one after the other


@dataclass(frozen=True, slots=True)
class Example:
    """The features of a burst, of its clean twin, its class, and what is true of it."""

    features: FloatArray  # (F,)
    clean: FloatArray  # (F,), the same stretch without noise
    name: str
    kind: str  # of other signals
    snr_db: float
    symbols: float  # how many the window holds; bandwidths for what has none


def example(name: str, rng: np.random.Generator, practice: Practice) -> Example | None:
    """One example of a class, or None where nothing was detected several times."""
    for _ in range(_MOST_TRIES):
        made = practice_recording(name, rng, practice)
        found = _the_burst(made)
        if found is None:
            continue
        isolated, twin = isolate(made.iq, found), isolate(made.clean, found)
        run = max(active_runs(isolated), key=len)
        if len(run) < LEAST_SAMPLES:
            continue
        first = run.start + int(rng.integers(0, max(len(run) - WINDOW, 0) + 1))
        window = slice(first, min(first + WINDOW, run.stop))
        if not np.any(twin.iq[window]):
            continue
        seen = partial(measure, occupied=isolated.occupied, whole_band=found.whole_band)
        return Example(
            seen(isolated.iq[window], snr_db=isolated.snr_db).vector,
            seen(twin.iq[window], snr_db=np.inf).vector,
            name,
            made.kind,
            made.snr_db,
            (window.stop - window.start) * isolated.occupied,
        )
    return None


def _the_burst(made: PracticeRecording) -> Burst | None:
    """Of what is detected, that which shares most with the burst that was made.

    Noise that fills a recording is not detected, and is what a classifier must not be fooled by:
    it stands for itself.
    """
    bursts = detect(made.iq)
    if made.name == NOISE and not bursts:
        return whole_recording(len(made.iq)) if made.whole_band else made.burst
    shared = [(_overlap(burst, made), burst) for burst in bursts]
    if not shared:
        return None
    most, burst = max(shared, key=lambda item: item[0])
    return burst if most > 0 else None


def _overlap(burst: Burst, made: PracticeRecording) -> float:
    time = min(burst.stop, made.stop) - max(burst.start, made.start)
    low, high = made.carrier - made.occupied / 2, made.carrier + made.occupied / 2
    width = min(burst.high, high) - max(burst.low, low)
    return max(time, 0) * max(width, 0.0)


def whole_recording(samples: int) -> Burst:
    """All of a recording, whose noise floor is nowhere to be seen."""
    return Burst(0, samples, -0.5, 0.5, np.inf, 0.0, whole_band=True)
