"""Detection: the bursts of a recording."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rfmae.errors import ShapeError
from rfmae.records import ComplexArray
from rfmae.signal.cleaning import converter_step
from rfmae.signal.detection.burst import Burst, DetectionOptions
from rfmae.signal.detection.cells import occupied_cells
from rfmae.signal.detection.noise_floor import Floor, noise_floor
from rfmae.signal.detection.refining import refined
from rfmae.signal.detection.regions import joined_in_time, regions_of
from rfmae.signal.detection.time_frequency import Grid, frame_length, spectrogram

FEWEST_SAMPLES = 256
"""Of a stretch that is searched."""

_FINER = 16  # frames of the second look, over those of the first
_SHARES = (0.4, 0.4, 0.2)  # of the false-alarm rate: both looks, and what has no floor
_COVERED = 0.5  # of the time and of the band
_LEAST_SNR_DB = -7.0  # what is weaker is no more than the floor may be wrong by
_RANGE = 10**3.5  # power of a burst over what is beside it by splatter and images


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
    found = _look(iq, frame, options.false_alarm_rate * _SHARES[0], step)
    if frame // _FINER >= _FINER:
        finer = _look(iq, frame // _FINER, options.false_alarm_rate * _SHARES[1], step)
        found += [burst for burst in finer if not any(_covers(other, burst) for other in found)]
    return found


def _look(iq: ComplexArray, frame: int, false_alarm_rate: float, least: float) -> list[Burst]:
    """The bursts that are seen in frames of one length."""
    grid = spectrogram(iq, frame)
    floor = noise_floor(grid.power, least)
    cells = occupied_cells(grid, floor, false_alarm_rate)
    if not cells.any():
        return []
    regions = joined_in_time(regions_of(cells, floor.over(grid.power)))
    bursts = [burst for region in regions for burst in refined(iq, grid, floor, region)]
    return _without_copies([burst for burst in bursts if burst.snr_db > _LEAST_SNR_DB], floor)


def _without_copies(bursts: list[Burst], floor: Floor) -> list[Burst]:
    """The bursts that no stronger one covers, and that are not what one of them spills over."""
    kept: list[tuple[Burst, float]] = []
    powers = [_power(burst, floor) for burst in bursts]
    for place in np.argsort(powers)[::-1]:
        burst, power = bursts[place], powers[place]
        if not any(
            _covers(other, burst) or (stronger > _RANGE * power and _meets(other, burst))
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


__all__ = ["FEWEST_SAMPLES", "Floor", "Grid", "detect"]
