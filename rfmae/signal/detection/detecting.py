"""Detection: the bursts of a recording."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rfmae.errors import ShapeError
from rfmae.records import ComplexArray
from rfmae.signal.cleaning import converter_step
from rfmae.signal.detection.burst import Burst, DetectionOptions
from rfmae.signal.detection.cells import Mask, occupied_cells
from rfmae.signal.detection.noise_floor import Floor, noise_floor
from rfmae.signal.detection.refining import refined
from rfmae.signal.detection.regions import joined_in_time, regions_of
from rfmae.signal.detection.time_frequency import Grid, frame_length, spectrogram
from rfmae.signal.detection.wide_bands import is_evident, wide_signals

FEWEST_SAMPLES = 256
"""Of a stretch that is searched."""

_FINER = 16  # frames of the second look, over those of the first
_SHARES = (0.4, 0.4, 0.2)  # of the false-alarm rate: both looks, and what has no floor
_REGROWTH = 3.0  # bandwidths
_IMPULSE = 64  # samples: what is shorter is an impulse
_LOBE = 5  # bins beside a band that the window spreads it over
_COVERED = 0.5  # of the time and of the band
_LEAST_SNR_DB = -7.0  # what is weaker is no more than the floor may be wrong by
_RANGE = 10**3.5  # power of a burst over that of what it leaves beside it
_NEAR_RANGE = 10**2.0  # and in its neighbourhood
_SAME_RANGE = 10**1.5  # and as long as it is there


def detect(
    iq: ComplexArray,
    live: Sequence[range] | None = None,
    options: DetectionOptions | None = None,
) -> tuple[Burst, ...]:
    """The bursts of a recording (T,), in the order of their beginning.

    Args:
        iq: Complex samples (T,), finite, of any gain.
        live: The stretches that are searched, each for itself (all).
        options: How sure a detection must be.

    Returns:
        The bursts; none where there is nothing but noise.

    Raises:
        ShapeError: Samples that are not finite and (T,).
    """
    if np.ndim(iq) != 1 or not np.isfinite(iq).all():
        raise ShapeError(f"a recording must be finite samples (T,), got {np.shape(iq)}")
    options = options or DetectionOptions()
    samples = np.ascontiguousarray(iq, np.complex64)
    found: list[Burst] = []
    for stretch in [range(len(samples))] if live is None else live:
        part = samples[stretch.start : stretch.stop]
        found += [_moved(burst, stretch.start) for burst in _in_stretch(part, options)]
    return tuple(sorted(found, key=lambda burst: (burst.start, burst.low)))


def _in_stretch(iq: ComplexArray, options: DetectionOptions) -> list[Burst]:
    if len(iq) < FEWEST_SAMPLES or not np.any(iq):
        return []
    frame = frame_length(len(iq))
    step = converter_step(iq) ** 2 / 6  # noise of rounding I and Q
    grid = spectrogram(iq, frame)
    floor = noise_floor(grid.power, step)
    first = _look(iq, grid, floor, options.false_alarm_rate * _SHARES[0])
    if frame // _FINER >= _FINER:
        rate = options.false_alarm_rate * _SHARES[1]
        finer = spectrogram(iq, frame // _FINER)
        known = [burst for burst, _ in first]
        first += _look(iq, finer, noise_floor(finer.power, step), rate, known)
    found = _without_copies(first)
    found = [burst for burst in found if burst.length >= _IMPULSE]
    rate = options.false_alarm_rate * _SHARES[2] / 2
    found = [burst for burst in found if is_evident(iq, burst, rate)]
    wide = [] if options.needs_floor else wide_signals(iq, grid, floor, found, rate)
    return wide + [burst for burst in found if not any(_covers(other, burst) for other in wide)]


def _look(
    iq: ComplexArray, grid: Grid, floor: Floor, false_alarm_rate: float, known: Sequence[Burst] = ()
) -> list[tuple[Burst, float]]:
    """The bursts and their powers that are seen on one grid, beside those that are known."""
    cells = occupied_cells(grid, floor, false_alarm_rate, _cells_of(known, grid))
    if not cells.any():
        return []
    regions = joined_in_time(regions_of(cells, floor.over(grid.power)))
    regions = [r for r in regions if (r.stop - r.start) * grid.hop >= _IMPULSE]
    bursts = [burst for region in regions for burst in refined(iq, grid, floor, region)]
    return [(burst, _power(burst, floor)) for burst in bursts if burst.snr_db > _LEAST_SNR_DB]


def _cells_of(bursts: Sequence[Burst], grid: Grid) -> Mask:
    """The cells of a grid (frames, bins) that bursts reach into."""
    mask = np.zeros((grid.frames, grid.bins), np.bool_)
    for burst in bursts:
        blurred = round(0.5 / burst.occupied)  # of its ends
        first = max((burst.start - blurred - grid.bins) // grid.hop + 1, 0)
        last = (burst.stop + blurred) // grid.hop + 1
        walk = abs(burst.drift) * burst.length / 2
        beside = walk + burst.occupied / 2
        low = int(np.floor((burst.low - beside) * grid.bins)) - _LOBE
        high = int(np.ceil((burst.high + beside) * grid.bins)) + _LOBE
        bins = np.arange(low, min(high + 1, low + grid.bins)) % grid.bins
        mask[first:last, bins] = True
    return mask


def _without_copies(bursts: list[tuple[Burst, float]]) -> list[Burst]:
    """The bursts that no stronger one covers, and that are not what one of them spills over."""
    kept: list[tuple[Burst, float]] = []
    for burst, power in sorted(bursts, key=lambda found: found[1], reverse=True):
        if not any(
            _covers(other, burst) or _spills(other, stronger / max(power, 1e-300), burst)
            for other, stronger in kept
        ):
            kept.append((burst, power))
    return [burst for burst, _ in kept]


def _power(burst: Burst, floor: Floor) -> float:
    """Mean power of a burst, in units of the recording."""
    bins = len(floor.density)
    places = np.arange(
        round(burst.low * bins), max(round(burst.high * bins), 1 + round(burst.low * bins))
    )
    density = float(floor.density[places % bins].mean())
    return density * burst.occupied * float(10 ** (min(burst.snr_db, 200.0) / 10))


def _spills(strong: Burst, ratio: float, weak: Burst) -> bool:
    """Whether a burst so many times weaker is what a strong one leaves beside its band.

    More is left where that begins and ends, and beside it by an amplifier, in pieces.
    """
    if ratio > _RANGE and _meets(strong, weak):
        return True
    apart = abs((strong.centre - weak.centre + 0.5) % 1 - 0.5)
    near = apart - weak.occupied / 2 < _REGROWTH * strong.occupied
    if ratio > _SAME_RANGE and near and _same_times(strong, weak):
        return True
    if ratio < _NEAR_RANGE or 2 * weak.length > strong.length:
        return False
    around = range(weak.start - _IMPULSE, weak.stop + _IMPULSE)
    if strong.start in around or strong.stop in around:
        return True
    return _meets(strong, weak) and near


def _same_times(one: Burst, other: Burst) -> bool:
    """Whether two bursts begin and end together, and not with the recording alone."""
    slack = _IMPULSE + one.length // 50
    return (
        one.start > 0
        and abs(one.start - other.start) < slack
        and abs(one.stop - other.stop) < slack
    )


def _meets(one: Burst, other: Burst) -> bool:
    """Whether most of the time of another lies within that of one."""
    time = min(one.stop, other.stop) - max(one.start, other.start)
    return time > _COVERED * other.length


def _covers(one: Burst, other: Burst) -> bool:
    """Whether most of the time and of the band of another lies within one."""
    if not _meets(one, other):
        return False
    apart = abs((one.centre - other.centre + 0.5) % 1 - 0.5)
    shared = min((one.occupied + other.occupied) / 2 - apart, one.occupied, other.occupied)
    return shared > _COVERED * other.occupied


def _moved(burst: Burst, by: int) -> Burst:
    return replace(burst, start=burst.start + by, stop=burst.stop + by)
