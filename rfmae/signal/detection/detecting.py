"""Detection: the bursts of a recording."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rfmae.errors import ShapeError
from rfmae.records import ComplexArray
from rfmae.signal.cleaning import converter_step
from rfmae.signal.detection.burst import Burst, DetectionOptions
from rfmae.signal.detection.cells import Mask, occupied_cells
from rfmae.signal.detection.evidence import FEWEST_SAMPLES as FEWEST_JUDGED
from rfmae.signal.detection.keying import joined_over_pauses
from rfmae.signal.detection.neighbours import IMPULSE, covers, power_of, without_copies
from rfmae.signal.detection.noise_floor import Floor, noise_floor
from rfmae.signal.detection.parallel import regrouped
from rfmae.signal.detection.pauses import divided_at_pauses
from rfmae.signal.detection.refining import refined
from rfmae.signal.detection.regions import joined_in_time, regions_of
from rfmae.signal.detection.time_frequency import Grid, frame_length, spectrogram
from rfmae.signal.detection.wide_bands import (
    is_doubtful,
    may_be_noise,
    noise_among,
    weak_wide_bursts,
    wide_signals,
)
from rfmae.units import db_to_ratio

FEWEST_SAMPLES = 256
"""Of a stretch that is searched."""

_FINER = 16  # frames of the second look, over those of the first
_SHARES = (0.4, 0.4, 0.2)  # of the false-alarm rate: both looks, and what has no floor
_LOBE = 5  # bins beside a band that the window spreads it over
_LEAST_SNR_DB = -7.0  # what is weaker is no more than the floor may be wrong by


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
    first = _look_again(iq, grid, floor, options.false_alarm_rate * _SHARES[0])
    if frame // _FINER >= _FINER:
        rate = options.false_alarm_rate * _SHARES[1]
        finer = spectrogram(iq, frame // _FINER)
        known = [burst for burst, _ in first]
        first += _look_again(iq, finer, noise_floor(finer.power, step), rate, known)
    found = joined_over_pauses(iq, grid, floor, without_copies(first))
    rate = options.false_alarm_rate * _SHARES[2] / 2
    doubtful = [burst for burst in found if is_doubtful(burst, len(iq))]
    found = [burst for burst in found if burst not in doubtful]
    weak = weak_wide_bursts(iq, grid, floor)
    doubtful += [b for b in weak if not any(covers(b, o) or covers(o, b) for o in found)]
    wide = [] if options.needs_floor else wide_signals(iq, grid, floor, found, rate)
    if not wide:
        noise = set(noise_among(iq, found + doubtful, doubtful, rate))
        found = [burst for burst in found + doubtful if burst not in noise]
    return wide + [burst for burst in found if not any(covers(other, burst) for other in wide)]


def _look_again(
    iq: ComplexArray, grid: Grid, floor: Floor, false_alarm_rate: float, known: Sequence[Burst] = ()
) -> list[tuple[Burst, float]]:
    """As below, where a rise of the noise that stays Gaussian is a change of the floor's gain."""
    rate = false_alarm_rate / 2
    found = _look(iq, grid, floor, rate, known)
    noise = _noise_in(iq, found, rate)
    rises = [b for b in noise if b.whole_band and b.length >= FEWEST_JUDGED]
    if rises:
        levels = [(_frames_of(b, grid), 1 + float(db_to_ratio(b.snr_db))) for b in rises]
        kept = [pair for pair in found if may_be_noise(pair[0]) and pair[0] not in noise]
        found = _look(iq, grid, floor.rising(levels), rate, known)
        found = [pair for pair in found if not may_be_noise(pair[0])]
        noise = _noise_in(iq, found, rate)
        found += kept
    return [pair for pair in found if pair[0] not in noise]


def _noise_in(iq: ComplexArray, found: list[tuple[Burst, float]], rate: float) -> set[Burst]:
    bursts = [burst for burst, _ in found]
    return set(noise_among(iq, bursts, [burst for burst in bursts if may_be_noise(burst)], rate))


def _frames_of(burst: Burst, grid: Grid) -> range:
    """The frames that a burst reaches into."""
    return range(max((burst.start - grid.bins) // grid.hop + 1, 0), burst.stop // grid.hop + 1)


def _look(
    iq: ComplexArray, grid: Grid, floor: Floor, false_alarm_rate: float, known: Sequence[Burst] = ()
) -> list[tuple[Burst, float]]:
    """The bursts and their powers that are seen on one grid, beside those that are known."""
    cells = occupied_cells(grid, floor, false_alarm_rate, _cells_of(known, grid))
    if not cells.any():
        return []
    ratio = floor.over(grid.power)
    regions = joined_in_time(regions_of(cells, ratio))
    regions = divided_at_pauses(cells, grid, floor, ratio, regions)
    regions = regrouped(iq, grid, floor, regions)
    regions = [r for r in regions if (r.stop - r.start) * grid.hop >= IMPULSE]
    bursts = [burst for region in regions for burst in refined(iq, grid, floor, region)]
    return [(burst, power_of(burst, floor)) for burst in bursts if burst.snr_db > _LEAST_SNR_DB]


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


def _moved(burst: Burst, by: int) -> Burst:
    return replace(burst, start=burst.start + by, stop=burst.stop + by)
