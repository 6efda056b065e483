"""Detection in a stream of any length, in segments of bounded memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from rfmae.errors import ShapeError
from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.detection.burst import Burst, DetectionOptions
from rfmae.signal.detection.cells import Mask, box_means, box_threshold
from rfmae.signal.detection.detecting import FEWEST_SAMPLES, detect
from rfmae.signal.detection.isolating import Isolated, isolate
from rfmae.signal.detection.neighbours import covers
from rfmae.signal.detection.time_frequency import PowerArray, spectrogram
from rfmae.signal.runs import runs_of

SEGMENT = 2**22
"""Samples that are searched at a time."""

_FRAME = 1024  # of the quick look
_BOXES = ((1, 1), (4, 1), (1, 8), (4, 1), (4, 8), (4, 1))  # times more frames and bins each
_RATE = 0.02  # of segments of noise that are searched in vain
_FORGETTING = 0.25  # of the floor, with each segment
_FEWEST_FRAMES = 256  # that a floor is learned from
_MARGIN_FRAMES = 16  # around what is busy, at least
_MOST_SEARCHED = 0.75  # of a segment: above it, all of it is searched
_MOST_CARRIED = 0.5  # of a segment


def detect_stream(
    blocks: Iterable[ComplexArray],
    options: DetectionOptions | None = None,
    segment: int = SEGMENT,
    samples_per_bandwidth: float = 3.0,
) -> Iterator[tuple[Burst, Isolated]]:
    """The bursts of a stream of blocks (T_i,), each with its isolated samples.

    Segments without overlap are compared with the floor of those before; where something stands
    above it, that stretch is searched as a recording is, with what is around it. A burst that
    reaches the end of its segment is left to the next, together with its samples, if these are no
    more than half a segment; otherwise it is cut there and marked with `goes_on`, and the rest is a
    burst of its own.

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
        found = _searched(samples, quiet, options)
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


def _searched(
    samples: ComplexArray, quiet: "_QuickLook", options: DetectionOptions
) -> tuple[Burst, ...]:
    """The bursts of a segment, looked for where it is busy."""
    if len(samples) < FEWEST_SAMPLES:
        return ()
    busy = quiet.busy(samples)
    if busy is not None:
        found = detect(samples, busy, options) if busy else ()
        if not any(_is_cut(burst, busy, len(samples)) for burst in found):
            return found
    found = detect(samples, options=options)
    quiet.learn(samples, found)
    return found


def _is_cut(burst: Burst, busy: list[range], count: int) -> bool:
    """Whether a burst may reach out of the stretch that it was found in."""
    ends = [edge for run in busy for edge in (run.start, run.stop) if 0 < edge < count]
    return any(burst.start - _FRAME < edge < burst.stop + _FRAME for edge in ends)


class _QuickLook:
    """Which stretches of a segment hold more than the floor of the segments before."""

    def __init__(self) -> None:
        self.floor: FloatArray | None = None  # (bins,)

    def busy(self, samples: ComplexArray) -> list[range] | None:
        """Where boxes of a coarse spectrogram stand above the floor, with margins as long.

        None where there is no floor yet, or where most of the segment is busy. The floor follows
        the rest.
        """
        if self.floor is None or len(samples) < _FEWEST_FRAMES * _FRAME:
            return None
        power = spectrogram(samples, _FRAME, _FRAME).power
        marks = self._above(power * (1 / self.floor).astype(np.float32))
        runs = _with_margins(marks, len(samples))
        if sum(map(len, runs)) > _MOST_SEARCHED * len(samples):
            return None
        self._follow(power[~marks])
        return runs

    def _above(self, ratio: PowerArray) -> Mask:
        """The frames of boxes that stand above the floor."""
        marks = np.zeros(len(ratio), np.bool_)
        error = 1 / np.sqrt(len(ratio))
        frames = bins = 1
        for more_frames, more_bins in _BOXES:
            ratio = box_means(ratio, more_frames, more_bins)
            frames, bins = frames * more_frames, bins * more_bins
            probability = _RATE / len(_BOXES) / max(ratio.size, 1)
            threshold = box_threshold(frames, bins, probability, error)
            above = ratio.max(axis=1, initial=0) > threshold
            marks[: frames * len(above)] |= np.repeat(above, frames)
            ratio[above] = 1  # what a small box explains is no part of larger ones
        return marks

    def _follow(self, power: PowerArray) -> None:
        """The floor goes to the mean of frames without bursts, if these are many."""
        if self.floor is not None and len(power) >= _FEWEST_FRAMES:
            mean = power.mean(axis=0, dtype=np.float64)
            self.floor += _FORGETTING * (np.maximum(mean, 1e-30) - self.floor)

    def learn(self, samples: ComplexArray, found: Sequence[Burst]) -> None:
        """The floor of a segment that was searched, where it holds nothing."""
        if len(samples) < _FEWEST_FRAMES * _FRAME:
            return
        power = spectrogram(samples, _FRAME, _FRAME).power
        empty = np.ones(len(power), np.bool_)
        for burst in found:
            empty[max(burst.start // _FRAME - 1, 0) : burst.stop // _FRAME + 2] = False
        if empty.sum() >= _FEWEST_FRAMES:
            self.floor = np.maximum(power[empty].mean(axis=0, dtype=np.float64), 1e-30)


def _with_margins(marks: Mask, count: int) -> list[range]:
    """The stretches of samples of marked frames, with as much around them that noise is seen."""
    stretches: list[range] = []
    for run in runs_of(marks, _MARGIN_FRAMES):
        margin = max(_MARGIN_FRAMES, len(run) // 2)
        start, stop = max((run.start - margin) * _FRAME, 0), (run.stop + margin + 1) * _FRAME
        stop = min(stop, count)
        if stretches and start <= stretches[-1].stop:
            start = stretches.pop().start
        stretches.append(range(start, stop))
    return stretches


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
