"""What is wrong with a recording itself: dead and clipped samples, DC offset, I/Q imbalance."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfmae.errors import ShapeError
from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.runs import runs_of
from rfmae.units import ratio_to_db

Mask = npt.NDArray[np.bool_]

_DEAD_RUN = 256  # equal samples in a row; fewer may be symbols of a waveform without noise
_BRIDGED = 16  # samples that are lost within a stretch
_BESIDE = 64  # samples on each side of a run
_CLIPPED_RUN, _LOST = 256, 0.25  # samples, and the share of them with both components clipped
_FEWEST_LEVELS = 16  # of a component: fewer are a constellation or an idle converter
_PILE = 4.0  # samples at the end of the range over those at the next level
_CLIPPED_SHARE = 1e-3
_FRAME = 256  # samples of the averaged spectra
_LINE = 30.0  # of the power at zero frequency over its neighbours, in the finest spectrum
_EMPTY = 2.0  # of the density around zero frequency over the emptiest quarter of the band
_CHANCE = 4.0  # spread of an average of one spectrum
_FLAT, _GAUSSIAN = 2.0, 0.1  # spread of a spectrum without signals; excess kurtosis of noise
_STRONG = 100.0  # power of a signal over that at its mirror frequency
_COHERENT = 0.2  # share of the mirror's power that is an image
_FEWEST_PRODUCTS = 64
_AGREE = 0.2  # difference of two halves of a recording over the image


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A recording without the defects of its receiver, and in words what they were."""

    iq: ComplexArray  # (T,) complex64; zero where it is dead or clipped
    live: tuple[range, ...]  # the other stretches
    notes: tuple[str, ...] = ()


def clean(iq: ComplexArray) -> Cleaned:
    """A recording (T,) with dead and clipped stretches zeroed, DC and I/Q imbalance removed.

    What may be part of a signal stays: the carrier of a signal around zero frequency is no offset,
    and an I/Q imbalance is only taken from the image of a strong signal beside the centre, as BPSK
    is improper without any.

    Args:
        iq: Complex samples (T,) of any gain; NaN and infinities are dead.

    Returns:
        The samples, the stretches that are alive, and notes.

    Raises:
        ShapeError: Samples that are not (T,).
    """
    if np.ndim(iq) != 1:
        raise ShapeError(f"a recording must be samples (T,), got {np.shape(iq)}")
    samples = np.array(iq, np.complex64)
    finite = np.isfinite(samples)
    samples[~finite] = 0
    dead = ~finite
    if len(samples):
        dead |= dead_samples(samples)
    at_ends = _components_at_ends(samples, ~dead)
    clipped = at_ends[0] | at_ends[1]
    lost = _mostly(at_ends[0] & at_ends[1]) & ~dead
    notes = _defect_notes(finite, dead, clipped, lost)
    out = dead | lost
    samples[out] = 0
    live = tuple(run for run in runs_of(~_long_runs(out)) if len(run) >= _DEAD_RUN or not out.any())
    for correct in (_without_offset, _without_image):
        note = correct(samples, live)
        notes += (note,) if note else ()
    return Cleaned(samples, live, notes)


def dead_samples(iq: ComplexArray) -> Mask:
    """Which samples of a recording (T,) repeat one value 256 times or more: zeros, fill values.

    An idle converter of few bits repeats one too; there what is beside it is one step away at most.
    """
    changes = np.flatnonzero(iq[1:] != iq[:-1]) + 1
    edges = np.concatenate([[0], changes, [len(iq)]])
    lengths = np.diff(edges)
    runs = np.flatnonzero(lengths >= min(_DEAD_RUN, len(iq)))
    dead = np.zeros(len(iq), np.bool_)
    step = converter_step(iq) if len(runs) else 0.0
    for run in runs:
        start, stop = int(edges[run]), int(edges[run + 1])
        beside = np.concatenate([iq[max(start - _BESIDE, 0) : start], iq[stop : stop + _BESIDE]])
        away = np.abs(beside - iq[start])
        idle = step > 0 and len(away) > 0 and float(away.max()) < 1.5 * step
        dead[start:stop] = not idle
    return dead


def converter_step(iq: ComplexArray) -> float:
    """The step between the values of samples (T,) of a converter; 0 where there is none."""
    parts = np.ascontiguousarray(iq[: 2**16], np.complex64).view(np.float32)
    values = np.unique(parts[np.isfinite(parts)]).astype(np.float64)
    if len(values) < 2:
        return 0.0
    step = float(np.diff(values).min())
    places = (values - values[0]) / step
    if places[-1] > 2**17 or np.abs(places - np.round(places)).max() > 0.05:
        return 0.0
    return step


def clipped_samples(iq: ComplexArray, dead: Mask | None = None) -> Mask:
    """Which samples (T,) are at an end of the range of I or Q, where too many are to be chance.

    An overdriven converter holds one component at its end while the other moves, and has many more
    samples there than at the level beside it.
    """
    kept = np.ones(len(iq), np.bool_) if dead is None else ~dead
    one, other = _components_at_ends(iq, kept)
    return one | other


def _long_runs(mask: Mask) -> Mask:
    """A mask (T,) without its short runs: single samples that are lost interrupt no stretch."""
    long = np.zeros(len(mask), np.bool_)
    for run in runs_of(mask):
        if len(run) > _BRIDGED:
            long[run.start : run.stop] = True
    return long


# parts ------------------------------------------------------------------------------------------


def _components_at_ends(iq: ComplexArray, kept: Mask) -> tuple[Mask, Mask]:
    """Where I and where Q are clipped."""
    if kept.sum() < _FEWEST_LEVELS:
        return np.zeros(len(iq), np.bool_), np.zeros(len(iq), np.bool_)
    real, imag = iq.real, iq.imag
    return (
        _at_the_end(real, imag, kept) | _at_the_end(-real, imag, kept),
        _at_the_end(imag, real, kept) | _at_the_end(-imag, real, kept),
    )


def _at_the_end(one: FloatArray, other: FloatArray, kept: Mask) -> Mask:
    """Where a component is at its highest value, if the converter holds it there."""
    top = one[kept].max()
    at = (one == top) & kept
    nothing = np.zeros(len(one), np.bool_)
    held = at[1:] & at[:-1] & (other[1:] != other[:-1])
    if held.sum() < max(_CLIPPED_SHARE * len(one), 8):
        return nothing
    levels, counts = np.unique(one[kept], return_counts=True)
    if len(levels) < _FEWEST_LEVELS or counts[-1] < _PILE * counts[-6:-1].max():
        return nothing
    return np.asarray(at)


def _mostly(clipped: Mask) -> Mask:
    """The windows where both components are clipped often; one that moves keeps the phase."""
    count = len(clipped) // _CLIPPED_RUN
    mask = np.zeros(len(clipped), np.bool_)
    windows = clipped[: count * _CLIPPED_RUN].reshape(count, _CLIPPED_RUN)
    mask[: count * _CLIPPED_RUN] = np.repeat(windows.mean(axis=1) > _LOST, _CLIPPED_RUN)
    return mask


def _defect_notes(finite: Mask, dead: Mask, clipped: Mask, lost: Mask) -> tuple[str, ...]:
    total = len(finite)

    def share(mask: Mask) -> str:
        percent = 100 * float(mask.mean())
        shown = f"{percent:.0f}" if percent >= 10 else f"{percent:.2g}"
        return f"{int(mask.sum()):,} of {total:,} samples ({shown} %)"

    notes = []
    repeated = dead & finite
    if not finite.all():
        notes.append(f"left out: {share(~finite)} are no finite numbers")
    if repeated.any():
        notes.append(f"left out: {share(repeated)} repeat one value, as zeros and fill values do")
    if lost.any():
        notes.append(f"left out: {share(lost)} in stretches where I and Q are both clipped")
    if (clipped & ~lost).any():
        notes.append(f"{share(clipped & ~lost)} are clipped: the receiver was overdriven")
    return tuple(notes)


def _without_offset(iq: ComplexArray, live: tuple[range, ...]) -> str | None:
    """Take away the mean of the live samples where it is a converter's, and say so."""
    part = max(live, key=len, default=range(0))
    if len(part) < 4 * _FRAME:
        return None
    samples = iq[part.start : part.stop].astype(np.complex128)
    mean = samples.mean()
    rest = samples - mean
    fine = np.abs(np.fft.fft(rest[: 2 ** int(np.log2(len(rest)))])) ** 2
    near = np.concatenate([fine[1:33], fine[-32:]]).mean()
    line = abs(mean) ** 2 * len(fine) ** 2
    if line < _LINE * near or not _alone_at_zero(rest, fine):
        return None
    for run in live:
        iq[run.start : run.stop] -= np.complex64(mean)
    level = ratio_to_db(float(abs(mean) ** 2 / max(np.mean(np.abs(samples) ** 2), 1e-300)))
    return f"removed: a DC offset, {abs(level):.0f} dB below the power of the recording"


def _alone_at_zero(rest: npt.NDArray[np.complex128], fine: FloatArray) -> bool:
    """Whether there is nothing around zero frequency that a line there could be a part of."""
    coarse = _density(rest)
    ordered = np.sort(coarse)
    floor = ordered[: len(ordered) // 4].mean()
    chance = _CHANCE / np.sqrt(len(rest) // _FRAME)
    if ordered[-len(ordered) // 16] < (_FLAT + chance) * floor:
        power = np.abs(rest) ** 2
        kurtosis = float(np.mean(power**2) / np.mean(power) ** 2)
        return abs(kurtosis - 2) < _GAUSSIAN  # else symbols, one a sample, that have a mean
    scale = float(np.mean(fine)) / float(np.mean(coarse))
    edge = 2
    while edge < len(fine) // 8:
        band = np.concatenate([fine[edge : 2 * edge], fine[-2 * edge : -edge]])
        if edge >= 8 and band.mean() > _EMPTY * floor * scale:
            return False
        edge *= 2
    return True


def _density(samples: npt.NDArray[np.complex128]) -> FloatArray:
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    transforms = np.fft.fft(frames * np.hanning(_FRAME), axis=1)
    return np.asarray(np.mean(np.abs(transforms) ** 2, axis=0))


def _without_image(iq: ComplexArray, live: tuple[range, ...]) -> str | None:
    """Take away β·conj(x) where strong signals beside the centre have images, and say so."""
    part = max(live, key=len, default=range(0))
    count = len(part) // _FRAME
    if count < 8:
        return None
    frames = iq[part.start : part.start + count * _FRAME].reshape(count, _FRAME)
    spectra = np.fft.fft(frames * np.hanning(_FRAME).astype(np.float32), axis=1)
    mirrored = spectra[:, -np.arange(_FRAME) % _FRAME]
    density = np.mean(np.abs(spectra) ** 2, axis=0)
    opposite = density[-np.arange(_FRAME) % _FRAME]
    chosen = density > _STRONG * np.maximum(opposite, np.median(density) * 1e-6)
    chosen &= density > 1e-2 * density.max()
    chosen[:4] = chosen[-3:] = False
    if chosen.sum() * count < _FEWEST_PRODUCTS:
        return None
    strong, image = spectra[:, chosen], mirrored[:, chosen]
    halves = [
        _image_ratio(s, i)
        for s, i in zip(np.array_split(strong, 2), np.array_split(image, 2), strict=True)
    ]
    ratio, coherence = _image_ratio(strong, image)
    apart = abs(halves[0][0] - halves[1][0])
    if coherence < _COHERENT or apart > _AGREE * abs(ratio):
        return None
    for run in live:
        samples = iq[run.start : run.stop]
        samples -= np.complex64(ratio) * samples.conj()
    return f"removed: the image of an I/Q imbalance, {ratio_to_db(abs(ratio) ** 2):.0f} dB"


def _image_ratio(
    strong: npt.NDArray[np.complexfloating], image: npt.NDArray[np.complexfloating]
) -> tuple[complex, float]:
    """β of an image β·conj(x) at the mirror frequency, and the share of its power there."""
    product = complex(np.sum(image * strong))
    power, there = float(np.sum(np.abs(strong) ** 2)), float(np.sum(np.abs(image) ** 2))
    return product / max(power, 1e-300), abs(product) ** 2 / max(power * there, 1e-300)
