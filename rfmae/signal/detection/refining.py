"""From a region of cells to bursts: when they begin and end, and the edges of their band."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter, uniform_filter1d

from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.detection.burst import Burst, burst_of
from rfmae.signal.detection.isolating import select_band, without_drift
from rfmae.signal.detection.noise_floor import Floor
from rfmae.signal.detection.pauses import FALL, PAUSE_WIDTHS, level_of
from rfmae.signal.detection.regions import GAP_FRAMES, Region
from rfmae.signal.detection.time_frequency import Grid
from rfmae.signal.runs import runs_of
from rfmae.units import ratio_to_db

_MARGIN = 4  # bins that are looked at beside a region
_RARE = 4.75  # standard deviations: one of a million values of a smooth envelope
_DEPTH = 8.0  # power of a burst over that at its ends
_LEAST_AVERAGE, _PAUSE = 16, 64  # values of the band
_SHARE = 0.02  # of the power: outside of the occupied band
_DEEPEST = 20.0  # power density of a band over that at its edges; amplifiers spread as much
_ALL = 0.95  # of the band
_LINE = 4.0  # times the level of the band that a carrier in it counts for
_HOLLOW = 10.0  # mean density over that of a part that is empty
_ABOVE = 4.0  # standard deviations of a spectrum


@dataclass(frozen=True, slots=True)
class _Band:
    """The samples of a region's band at the rate of its width, and the noise among them."""

    iq: ComplexArray
    rate: float
    centre: float  # cycles per old sample
    origin: int  # old sample of the first
    noise: FloatArray  # (bins of the band,) density, from its lower end on
    gain: float
    half: float  # of the width of the region, cycles per old sample

    @property
    def noise_power(self) -> float:
        return float(self.noise.mean()) * self.rate * self.gain


def refined(iq: ComplexArray, grid: Grid, floor: Floor, region: Region) -> list[Burst]:
    """The bursts of a recording (T,) within a region of its grid."""
    band = _band(iq, grid, floor, region)
    found = []
    drift = region.slope / grid.bins / grid.hop
    for piece in _pieces(band, region, grid):
        centre, width, snr_db = _occupied(band, piece)
        begin = band.origin + round(piece.start / band.rate)
        end = min(band.origin + round(piece.stop / band.rate), len(iq))
        if drift:  # the band is that at the middle of the region
            middle = (region.start + region.stop - 1) / 2 * grid.hop + grid.bins / 2
            centre += drift * ((begin + end) / 2 - middle)
        times = range(begin, max(end, begin + 1))
        found.append(burst_of(times, centre, width, snr_db, drift))
    return found


def _band(iq: ComplexArray, grid: Grid, floor: Floor, region: Region) -> _Band:
    context = GAP_FRAMES * grid.hop
    begin = max(region.start * grid.hop - context, 0)
    end = min((region.stop - 1) * grid.hop + grid.bins + context, len(iq))
    centre = ((region.low + region.high - 1) / 2) / grid.bins
    width = min((region.width + _MARGIN) / grid.bins, 1.0)
    part = iq[begin:end]
    if region.slope:
        middle = (region.start + region.stop - 1) / 2 * grid.hop + grid.bins / 2 - begin
        part = without_drift(part, region.slope / grid.bins / grid.hop, middle)
    found, rate = select_band(part, centre, width)
    bins = max(round(rate * grid.bins), 1)
    places = round(centre * grid.bins) - bins // 2 + np.arange(bins)
    gain = float(np.median(floor.gain[region.start : region.stop]))
    half = (region.width + 1) / 2 / grid.bins
    return _Band(found, rate, centre, begin, floor.density[places % grid.bins], gain, half)


def _pieces(band: _Band, region: Region, grid: Grid) -> list[range]:
    """Stretches of the band's samples that are louder than noise, and than what runs through."""
    power = np.abs(band.iq) ** 2
    count = len(power)
    noise = band.noise_power
    length = ((region.stop - region.start - 1) * grid.hop + grid.bins) * band.rate
    whole = range(
        round((region.start * grid.hop - band.origin) * band.rate),
        min(round(((region.stop - 1) * grid.hop + grid.bins - band.origin) * band.rate), count),
    )
    snr = max(float(power[whole.start : whole.stop].mean()) / noise - 1, 0.01)
    # a signal stands twice as far above the noise as the threshold
    average = _LEAST_AVERAGE + (2 * _RARE / snr) ** 2 * (1 + snr)
    average = int(np.clip(average, min(_LEAST_AVERAGE, max(length / 4, 1)), max(length / 4, 1)))
    smooth = uniform_filter1d(power.astype(np.float64), average, mode="nearest")
    threshold = noise * _quantile(average)
    pause = max(min(_PAUSE, GAP_FRAMES * grid.hop * band.rate), _LEAST_AVERAGE, average)
    found = runs_of(smooth > threshold, pause)
    if not found:
        return [whole]
    level = level_of(np.concatenate([smooth[run.start : run.stop] for run in found]))
    loud = noise + (level - noise) / FALL  # something weaker may run through the pauses
    if len(found) > 1 or loud > threshold:
        pause = max(pause, PAUSE_WIDTHS * band.rate / _occupied(band, whole)[1])
        found = runs_of(smooth > max(loud, threshold), pause)
    trimmed = [
        _short(power, run, noise, average) or _trimmed(smooth, run, noise, threshold, average)
        for run in found
    ]
    return [piece for piece in trimmed if len(piece) > 0] or [whole]


def _quantile(average: int) -> float:
    """What the mean of so many exponentials of mean 1 exceeds rarely (Wilson, Hilferty 1931)."""
    return float((1 - 1 / (9 * average) + _RARE / (3 * np.sqrt(average))) ** 3)


def _short(power: FloatArray, run: range, noise: float, average: int) -> range | None:
    """The place of a burst that is much shorter than what its band was averaged over."""
    if average <= _LEAST_AVERAGE or len(run) > 4 * average:
        return None
    part = power[run.start : run.stop].astype(np.float64)
    smooth = uniform_filter1d(part, _LEAST_AVERAGE, mode="nearest")
    above = np.flatnonzero(smooth > noise * _quantile(_LEAST_AVERAGE))
    if not len(above) or above[-1] - above[0] > len(run) / 2:
        return None
    return range(run.start + int(above[0]), run.start + int(above[-1]) + 1)


def _trimmed(smooth: FloatArray, run: range, noise: float, threshold: float, average: int) -> range:
    """The ends of a piece, where its envelope, averaged over so many values, crosses a level."""
    inside = smooth[run.start : run.stop]
    signal = max(float(np.median(inside[inside >= np.median(inside)])) - noise, 1e-300)
    level = max(threshold, noise + signal / _DEPTH)
    above = np.flatnonzero(inside > level)
    if not len(above):
        return range(0)
    # the average of a step crosses the level before the step, by as much as it is below one half
    shift = average * (0.5 - min((level - noise) / signal, 1.0))
    start, stop = run.start + above[0], run.start + above[-1] + 1
    start = start + shift if start > 0 else 0
    stop = stop - shift if stop < len(smooth) else len(smooth)
    return range(max(round(start), 0), min(round(stop), len(smooth)))


def _occupied(band: _Band, piece: range) -> tuple[float, float, float]:
    """Centre, width and SNR in decibels of what a piece of the band occupies."""
    density, averages = _spectrum(band.iq[piece.start : piece.stop])
    bins, density = len(density), density / band.rate
    turn, whole = 0, False
    if band.rate > _ALL:  # around the circle: cut where it is emptiest
        around = uniform_filter1d(density, 5, mode="wrap")
        turn = int(around.argmin())
        whole = float(around.min()) > density.mean() / _HOLLOW
        density = np.roll(density, -turn)
    within = (np.arange(bins) + 0.5) / bins * len(band.noise) - 0.5
    noise = np.interp(within, np.arange(len(band.noise)), band.noise) * band.gain
    excess = density - noise
    smooth = uniform_filter1d(density, 3, mode="nearest")
    above = smooth > noise * (1 + _ABOVE / np.sqrt(averages * 2))
    # the level of a band, not of a carrier in it
    level = median_filter(excess, min(9, bins // 4) | 1, mode="nearest").max()
    above &= smooth - noise > level / _DEEPEST
    if band.rate <= _ALL:  # what lies beside belongs to others
        distance = np.abs(np.arange(bins) - bins // 2) / bins * band.rate
        above &= distance <= band.half
    if not above.any():
        above[:] = True
    places = np.flatnonzero(above)
    low, high = int(places[0]), int(places[-1])
    inside = np.where(above, np.clip(excess, 0, _LINE * level), 0)[low : high + 1]
    if inside.sum() > 0:
        sums = np.concatenate([[0], np.cumsum(inside)]) / inside.sum()
        edges = np.interp([_SHARE / 2, 1 - _SHARE / 2], sums, np.arange(len(sums)))
    else:
        edges = np.array([0.0, len(inside)])
    low_edge, high_edge = (low + edges - bins // 2 - 0.5) / bins * band.rate
    first, last = int(low + edges[0]), max(int(np.ceil(low + edges[1])), int(low + edges[0]) + 1)
    middle = band.centre + (low_edge + high_edge) / 2 + turn / bins
    if whole:
        first, last, middle, low_edge, high_edge = 0, bins, band.centre, -0.5, 0.5
    signal, under = float(excess[first:last].sum()), float(noise[first:last].sum())
    if under <= 0:
        return middle, high_edge - low_edge, np.inf
    snr_db = ratio_to_db(max(signal / under, 1e-3))
    return middle, max(high_edge - low_edge, 1e-9), snr_db


def _spectrum(iq: ComplexArray) -> tuple[FloatArray, float]:
    """Power density of (T,) from its lowest frequency on, and how many averages it is of."""
    bins = int(np.clip(2 ** int(np.log2(np.sqrt(2 * max(len(iq), 1)))), 8, 512))
    if len(iq) < bins:
        iq = np.concatenate([iq, np.zeros(bins - len(iq), np.complex64)])
    window = np.hanning(bins + 1)[:-1]
    window /= np.linalg.norm(window)
    frames = np.lib.stride_tricks.sliding_window_view(iq, bins)[:: bins // 2]
    power = np.zeros(bins)
    for first in range(0, len(frames), 4096):
        found = np.fft.fft(frames[first : first + 4096] * window, axis=1)
        power += np.sum(np.abs(found) ** 2, axis=0)
    return np.fft.fftshift(power / len(frames)), max(len(frames) * 0.95, 1.0)
