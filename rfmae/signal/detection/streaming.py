"""Detection in a stream of any length, in segments of bounded memory."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from rfmae.errors import ShapeError
from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.detection.burst import Burst, DetectionOptions
from rfmae.signal.detection.cells import box_means, box_threshold
from rfmae.signal.detection.detecting import FEWEST_SAMPLES, detect
from rfmae.signal.detection.isolating import Isolated, isolate
from rfmae.signal.detection.neighbours import covers
from rfmae.signal.detection.time_frequency import spectrogram

SEGMENT = 2**22
"""Samples that are searched at a time."""

_FRAME = 1024  # of the quick look
_BOXES = ((1, 1), (4, 1), (1, 8), (4, 1), (4, 8), (4, 1))  # times more frames and bins each
_RATE = 0.02  # of segments of noise that are searched in vain
_FORGETTING = 0.25  # of the floor, with each segment without bursts
_MOST_CARRIED = 0.5  # of a segment


def detect_stream(
    blocks: Iterable[ComplexArray],
    options: DetectionOptions | None = None,
    segment: int = SEGMENT,
    samples_per_bandwidth: float = 3.0,
) -> Iterator[tuple[Burst, Isolated]]:
    """The bursts of a stream of blocks (T_i,), each with its isolated samples.

    Segments without overlap are compared with the floor of those before; where something stands
    above it, the segment is searched as a recording is. A burst that reaches the end of its segment
    is left to the next, together with its samples, if these are no more than half a segment;
    otherwise it is cut there and marked with `goes_on`, and the rest is a burst of its own.

    Args:
        blocks: Complex samples, finite, in blocks of any size.
        options: The false-alarm rate is that of each segment.
        segment: Samples that are searched at a time; some three times as many are held.
        samples_per_bandwidth: Of the rate of isolated bursts, as in `isolate`.

    Yields:
        Bursts with `start` and `stop` from the beginning of the stream, as they end, and their
        samples, whose `origin` counts from there too.

    Raises:
        ShapeError: A block that is not finite samples (T,), or a segment too short.
    """
    if segment < 2 * FEWEST_SAMPLES:
        raise ShapeError(f"a segment must be {2 * FEWEST_SAMPLES} samples or more, got {segment}")
    options = options or DetectionOptions()
    quiet = _QuickLook()
    waiting, first = np.zeros(0, np.complex64), 0
    done: list[Burst] = []  # what was told and reaches into the samples that wait
    for part in _pieces(blocks, segment):
        samples = np.concatenate([waiting, part]) if len(waiting) else part
        if not len(waiting) and quiet.is_quiet(samples):
            first += len(samples)
            done = []
            continue
        found = detect(samples, options=options) if len(samples) >= FEWEST_SAMPLES else ()
        if not found:
            quiet.learn(samples)
        keep = _carried(found, len(samples), segment)
        for burst in found:
            if burst.start < keep and not any(covers(other, burst) for other in done):
                alone = isolate(samples, burst, samples_per_bandwidth)
                yield _moved(_marked(burst, len(samples)), alone, first)
        done = [_before(burst, keep) for burst in found if burst.start < keep < burst.stop]
        waiting = samples[keep:].copy()
        first += keep
    if len(waiting) >= FEWEST_SAMPLES:
        for burst in detect(waiting, options=options):
            if any(covers(other, burst) for other in done):
                continue
            yield _moved(burst, isolate(waiting, burst, samples_per_bandwidth), first)


class _QuickLook:
    """Whether a segment holds no more than the floor of the segments before."""

    def __init__(self) -> None:
        self.floor: FloatArray | None = None  # (bins,)

    def is_quiet(self, samples: ComplexArray) -> bool:
        """Whether no box of a coarse spectrogram stands above the floor; the floor follows."""
        if self.floor is None or len(samples) < 256 * _FRAME:
            return False
        power = spectrogram(samples, _FRAME, _FRAME).power
        mean = power.mean(axis=0)
        power *= (1 / self.floor).astype(np.float32)
        error = 1 / np.sqrt(len(power))
        frames = bins = 1
        means = power
        for more_frames, more_bins in _BOXES:
            means = box_means(means, more_frames, more_bins)
            frames, bins = frames * more_frames, bins * more_bins
            probability = _RATE / len(_BOXES) / max(means.size, 1)
            if float(means.max(initial=0)) > box_threshold(frames, bins, probability, error):
                return False
        self.floor += _FORGETTING * (mean - self.floor)
        return True

    def learn(self, samples: ComplexArray) -> None:
        """The floor of a segment that was searched and holds nothing."""
        if len(samples) >= 256 * _FRAME:
            mean = spectrogram(samples, _FRAME, _FRAME).power.mean(axis=0, dtype=np.float64)
            self.floor = np.maximum(mean, 1e-30)


def _pieces(blocks: Iterable[ComplexArray], segment: int) -> Iterator[ComplexArray]:
    """The stream in pieces of a segment each; the last may be shorter."""
    held, count = [], 0
    for block in blocks:
        if np.ndim(block) != 1 or not np.isfinite(block).all():
            raise ShapeError(f"a block must be finite samples (T,), got {np.shape(block)}")
        rest = np.asarray(block, np.complex64)
        while count + len(rest) >= segment:
            held.append(rest[: segment - count])
            rest = rest[segment - count :]
            yield held[0] if len(held) == 1 else np.concatenate(held)
            held, count = [], 0
        if len(rest):
            held.append(rest.copy())
            count += len(rest)
    if held:
        yield np.concatenate(held)


def _carried(found: tuple[Burst, ...], count: int, segment: int) -> int:
    """The sample from which on a segment is left to the next, for what reaches its end."""
    keep = count
    for burst in found:
        begin = max(burst.start - FEWEST_SAMPLES, 0)
        if _reaches(burst, count) and count - begin <= _MOST_CARRIED * segment:
            keep = min(keep, begin)
    return keep


def _reaches(burst: Burst, count: int) -> bool:
    """Whether a burst may go on behind the end of its segment."""
    return count - burst.stop < max(_FRAME, round(2 / burst.occupied))


def _marked(burst: Burst, count: int) -> Burst:
    return replace(burst, goes_on=True) if _reaches(burst, count) else burst


def _before(burst: Burst, keep: int) -> Burst:
    """A burst counted from the first sample that is kept."""
    return replace(burst, start=0, stop=burst.stop - keep)


def _moved(burst: Burst, alone: Isolated, by: int) -> tuple[Burst, Isolated]:
    moved = replace(burst, start=burst.start + by, stop=burst.stop + by)
    return moved, replace(alone, origin=alone.origin + by)
