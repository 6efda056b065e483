"""Examples to learn from: practice recordings, detected, isolated and measured."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from rfmae.bursts.features.vector import measure
from rfmae.bursts.grouping import same_band_groups
from rfmae.bursts.practice import PracticeRecording, practice_recording
from rfmae.bursts.practice_settings import Practice
from rfmae.bursts.records import NOISE
from rfmae.bursts.windows import windows_of
from rfmae.records import FloatArray
from rfmae.signal.detection import Burst, detect, isolate

_MOST_TRIES = 6  # recordings of which none is detected, one after the other


@dataclass(frozen=True, slots=True)
class Example:
    """The features of a burst, of its clean twin, its class, and what is true of it."""

    features: FloatArray  # (F,)
    clean: FloatArray | None  # (F,), of the same stretch without noise
    name: str
    kind: str  # of other signals
    snr_db: float
    symbols: float  # how many the window holds; bandwidths for what has none


def example(
    name: str, rng: np.random.Generator, practice: Practice, *, twin: bool = False
) -> Example | None:
    """One example of a class, or None where nothing was detected several times.

    With `twin` it comes with the features of its clean twin.
    """
    for _ in range(_MOST_TRIES):
        made = practice_recording(name, rng, practice)
        bursts = _the_bursts(made)
        if not bursts:
            continue
        parts = [isolate(made.iq, burst) for burst in bursts]
        windows = windows_of(parts)
        if not windows:
            continue
        window = windows[int(rng.integers(len(windows)))]
        measured = partial(measure, occupied=parts[0].occupied, whole_band=bursts[0].whole_band)
        snr_db = float(np.mean([part.snr_db for part in parts]))
        clean = None
        if twin and window.part is not None:
            alone = isolate(made.clean, bursts[window.part]).iq[window.first :][: len(window.iq)]
            clean = measured(alone, snr_db=np.inf).vector if np.any(alone) else None
        return Example(
            measured(window.iq, snr_db=snr_db).vector,
            clean,
            name,
            made.kind,
            made.snr_db,
            len(window.iq) * parts[0].occupied,
        )
    return None


def _the_bursts(made: PracticeRecording) -> list[Burst]:
    """Of what is detected, the group that shares most with what was made.

    Noise that fills a recording is not detected, and is what a classifier must not be fooled by:
    it stands for itself.
    """
    found = detect(made.iq)
    if made.name == NOISE and not found:
        return [whole_recording(len(made.iq)) if made.whole_band else made.burst]
    groups = [[found[number] for number in group] for group in same_band_groups(found)]
    shared = [(sum(_overlap(burst, made) for burst in group), group) for group in groups]
    if not shared:
        return []
    most, group = max(shared, key=lambda item: item[0])
    return group if most > 0 else []


def _overlap(burst: Burst, made: PracticeRecording) -> float:
    time = min(burst.stop, made.stop) - max(burst.start, made.start)
    low, high = made.carrier - made.occupied / 2, made.carrier + made.occupied / 2
    width = min(burst.high, high) - max(burst.low, low)
    return max(time, 0) * max(width, 0.0)


def whole_recording(samples: int) -> Burst:
    """All of a recording, whose noise floor is nowhere to be seen."""
    return Burst(0, samples, -0.5, 0.5, np.inf, 0.0, whole_band=True)
