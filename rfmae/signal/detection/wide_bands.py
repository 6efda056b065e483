"""Signals that leave little or nothing of the band empty, or stand little above the noise.

Their power spectrum is that of noise behind a filter, or of a gain that rises. They are signals
where their samples are no Gaussian noise.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.fft import fft, ifft
from scipy.ndimage import uniform_filter1d

from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.detection.burst import Burst, burst_of
from rfmae.signal.detection.evidence import differs_from_noise, holds_symbols
from rfmae.signal.detection.isolating import select_band
from rfmae.signal.detection.noise_floor import Floor, runs_on_the_circle
from rfmae.signal.detection.refining import refined
from rfmae.signal.detection.regions import Region
from rfmae.signal.detection.time_frequency import Grid

_PERSISTENT = 0.8  # of the time
_WIDE = 0.05  # of the band: a filter's response may rise over as much
_EVIDENT_DB = 6.0  # more than the floor follows no filter
_FAINT_DB, _LOW_DB = -5.0, 3.0  # SNR of what may be the shape of the noise, and a rise of its gain
_BRIEF, _BRIEF_TIME = 128, 1024  # values of a band, samples: what an impulse may be
_BRIEF_DB = 10.0  # SNR
_WIDE_PART = 1 / 3  # of the band, which a rise of the gain takes more than
_STEP = 2.5  # of the level over its lowest, of a plateau
_PLATEAU = 0.25  # of the band, at least
_INSIDE = 0.9  # of a plateau, clear of its edges
_REST = 0.2  # of the power, beside the lines that symbols have
_LITTLE, _MUCH = 0.1, 0.5  # of a band, taken by other bursts
_SELDOM = 0.25  # of the time: what is cut out
_AROUND = 256  # samples
_MOST_SAMPLES = 2**20

Judge = Callable[[ComplexArray, float], bool]


def may_be_noise(burst: Burst) -> bool:
    """Whether a burst is so weak, or so weak and wide, that the noise alone may have changed."""
    wide = burst.occupied > _WIDE_PART
    return burst.snr_db < _FAINT_DB or (wide and burst.snr_db < _LOW_DB)


def is_doubtful(burst: Burst, count: int) -> bool:
    """Whether a burst of a stretch of so many samples may be a slope of the noise."""
    if burst.length < _PERSISTENT * count or burst.occupied < _WIDE:
        return False
    return burst.snr_db < _EVIDENT_DB or burst.occupied > _WIDE_PART


def is_evident(
    iq: ComplexArray, burst: Burst, rate: float, judge: Judge = differs_from_noise
) -> bool:
    """Whether a doubtful burst of (T,) is no noise, at a false-alarm rate."""
    part = iq[burst.start : burst.stop][:_MOST_SAMPLES]
    return judge(select_band(part, burst.centre, burst.occupied)[0], rate)


def noise_among(
    iq: ComplexArray, found: list[Burst], weak: list[Burst], rate: float
) -> list[Burst]:
    """Those of the bursts of (T,) which are no more than noise, at a false-alarm rate.

    Weak ones must hold what noise does not. Where what is beside all of them is no Gaussian noise
    either, but impulses of machines, they must hold what these do not have, and what is as brief
    as an impulse must be strong.
    """
    brief = [b for b in found if _is_brief(b)]
    if not weak and not brief:
        return []
    rest, _ = _without(iq[:_MOST_SAMPLES], found, 0.0, 1.0)
    impulsive = differs_from_noise(rest, rate)
    judge = holds_symbols if impulsive else differs_from_noise
    noise = [b for b in weak if not is_evident(iq, b, rate / len(weak), judge)]
    return noise + brief if impulsive else noise


def _is_brief(burst: Burst) -> bool:
    """Whether a burst is weak, and of no more values or time than an impulse."""
    values = burst.length * burst.occupied
    return burst.snr_db < _BRIEF_DB and values < _BRIEF and burst.length < _BRIEF_TIME


def weak_wide_bursts(iq: ComplexArray, grid: Grid, floor: Floor) -> list[Burst]:
    """What rises gently above the floor of a grid over (T,), as if it were signals."""
    plain = replace(floor, density=floor.base)
    regions = [Region(0, grid.frames, low, high, 2.0) for low, high in floor.raised]
    return [burst for region in regions for burst in refined(iq, grid, plain, region)]


def wide_signals(
    iq: ComplexArray, grid: Grid, floor: Floor, found: list[Burst], rate: float
) -> list[Burst]:
    """What fills a plateau of the spectrum of (T,), or all of it, beside bursts that are known."""
    smooth = _smooth(floor.level)
    lowest = float(np.sort(smooth)[: max(len(smooth) // 32, 1)].mean())
    above = smooth > _STEP * lowest
    runs = runs_on_the_circle(above)
    low, high = max(runs, key=lambda run: run[1] - run[0], default=(0, 0))
    if high - low < _PLATEAU * grid.bins:
        return _whole(iq, found, rate)
    width = (high - low) / grid.bins
    centre = (low + high - 1) / 2 / grid.bins
    rest, taken = _without(iq[:_MOST_SAMPLES], found, centre, width)
    if taken > _MUCH or not _judge(found)(select_band(rest, centre, width * _INSIDE)[0], rate):
        return []
    density = np.full(grid.bins, float(np.mean(floor.level[~above])))
    ratio = float(floor.level[np.arange(low, high) % grid.bins].mean()) / density[0]
    plain = replace(floor, density=density)
    return refined(iq, grid, plain, Region(0, grid.frames, low, high, ratio))


def _whole(iq: ComplexArray, found: list[Burst], rate: float) -> list[Burst]:
    area = sum(burst.length * burst.occupied for burst in found) / len(iq)
    if area > _LITTLE:
        return []
    samples, _ = _without(iq[:_MOST_SAMPLES], found, 0.0, 1.0)
    if not len(samples):
        return []
    if not len(samples):
        return []
    if np.mean(np.abs(samples) ** 2) < _REST * np.mean(np.abs(iq[:_MOST_SAMPLES]) ** 2):
        return []
    if not _judge(found)(samples, rate):
        return []
    return [burst_of(range(len(iq)), 0.0, 1.0, np.inf)]


def _judge(found: list[Burst]) -> Judge:
    """What is asked of the rest of a recording: more where bursts may be left in it."""
    return holds_symbols if found else differs_from_noise


def _without(
    iq: ComplexArray, found: list[Burst], centre: float, width: float
) -> tuple[ComplexArray, float]:
    """Samples without the times or the bands of bursts, and the share that these took.

    What is there for long is filtered out, the rest is cut out with what it leaves around.
    """
    kept = np.ones(len(iq), np.bool_)
    long = []
    for burst in found:
        if burst.length < _SELDOM * len(iq):
            around = _AROUND + burst.length // 20
            kept[max(burst.start - around, 0) : burst.stop + around] = False
        else:
            long.append(burst)
    lost = 1 - float(kept.mean())
    iq = iq[kept]
    if not long or not len(iq):
        return iq, lost
    spectrum = fft(iq)
    count = len(iq)
    taken = np.zeros(count, np.bool_)
    for burst in long:
        margin = burst.occupied + 4 / count
        walk = abs(burst.drift) * burst.length / 2
        low = int(np.floor((burst.low - margin - walk) * count))
        high = int(np.ceil((burst.high + margin + walk) * count))
        taken[np.arange(low, min(high, low + count)) % count] = True
    spectrum[taken] = 0
    half = int(width * count / 2)
    places = np.arange(round(centre * count) - half, round(centre * count) + half) % count
    return ifft(spectrum), max(float(taken[places].mean()), lost)


def _smooth(level: FloatArray) -> FloatArray:
    width = max(len(level) // 64, 4) | 1
    return np.asarray(np.exp(uniform_filter1d(np.log(level), width, mode="wrap")))
