"""Likelihoods averaged over nuisance parameters: carrier phase, SNR, amplitude.

The log ratio of a frame is a smooth periodic function of the carrier phase, which few harmonics
describe where the SNR is low. It is sampled until its last harmonics vanish, interpolated by a
Fourier transform until its peaks are wide, and averaged. Where that would take many samples, a
rough polynomial locates the maxima: a coarse grid, then fine ones.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import torch
from torch import Tensor

from rfmae.errors import RecipeError
from rfmae.theory.frames import Frames, Knowledge, SignalModel, part_of
from rfmae.theory.memoryless import LinearModel

_COARSEST = 8  # phases in one sector of symmetry: the first grid
_FINEST = 2**12
_LONGEST = 2**16  # steps of a sum over interpolated phases
_TAIL = 3e-3  # what the highest quarter of the harmonics may still add to a log ratio
_ROUGH = 0.1  # of a log ratio's range that may be wrong where it is resampled
_WORTH = 2  # times the samples so far may be resampled: what the next grid would cost and more
_ROWS = 256  # frames at once
_DEPTH = 30.0  # of the log ratio below its maximum, beyond which values are negligible


def log_evidence(
    model: SignalModel,
    frames: Frames,
    phase: Knowledge,
    *,
    es_n0_grid: Sequence[float] = (),
    gains: Sequence[float] = (),
) -> Tensor:
    """Log likelihood of each frame over that of noise alone, nuisances averaged, float64 (N,).

    A known carrier phase is zero. Es/N0 (as a ratio) and amplitude are those of the frames, or all
    values of a grid are equally likely: then the reference is still noise alone at the level of
    the frames, which does not depend on the class.
    """
    pairs = list(product(es_n0_grid or (frames.es_n0,), gains or (1.0,)))
    if pairs == [(frames.es_n0, 1.0)]:
        return _over_phase(model, frames, phase)
    if min(min(pair) for pair in pairs) <= 0:
        raise RecipeError(f"Es/N0 and gains of a grid must be positive ratios, got {pairs}")
    each = [
        _over_phase(model, supposed, phase) + _reference(supposed, gain) - _reference(frames, 1.0)
        for supposed, gain in ((_supposed(frames, *pair), pair[1]) for pair in pairs)
    ]
    return torch.logsumexp(torch.stack(each), 0) - math.log(len(each))


def _supposed(frames: Frames, es_n0: float, gain: float) -> Frames:
    """The frames with the gain removed, as those of another Es/N0."""
    return replace(
        frames,
        symbols=frames.symbols / gain,
        midway=frames.midway / gain,
        waveform=frames.waveform / gain,
        es_n0=es_n0,
    )


def _reference(frames: Frames, gain: float) -> Tensor:
    """Log density (N,) of noise alone, but for constants, of frames after removal of `gain`.

    The waveform holds noise outside the signal's band too; without it the symbols are used.
    """
    if frames.waveform.shape[1]:
        seen, power = frames.waveform, frames.samples_per_symbol / frames.es_n0
    else:
        seen, power = frames.symbols, 1 / frames.es_n0
    energy = torch.view_as_real(seen).square().sum((1, 2), dtype=torch.float64)
    return -energy / power - seen.shape[1] * math.log(power * gain**2)


# carrier phase ------------------------------------------------------------------------------


def _over_phase(model: SignalModel, frames: Frames, phase: Knowledge) -> Tensor:
    if phase == "known":
        zero = torch.zeros(len(frames), 1, dtype=torch.float64, device=frames.symbols.device)
        return model.log_ratio(frames, zero)[:, 0]
    # with an unknown phase all start states are equivalent
    model = model.from_one_start if isinstance(model, LinearModel) else model
    found = [_sector_average(model, part_of(frames, rows)) for rows in _chunks(frames)]
    return torch.cat(found)


def _chunks(frames: Frames) -> Iterator[slice]:
    """Few enough frames that their phases and samples take little memory."""
    length = max(frames.symbols.shape[1], frames.waveform.shape[1], 1)
    count = max(1, min(_ROWS, 2**22 // length))
    return (slice(first, first + count) for first in range(0, max(len(frames), 1), count))


def _sector_average(model: SignalModel, frames: Frames) -> Tensor:
    """Log of the mean ratio (N,) over one sector of the model's symmetry, its period."""
    average = torch.empty(len(frames), dtype=torch.float64, device=frames.symbols.device)
    rows = torch.arange(len(frames), device=average.device)
    count = _COARSEST
    values = average[:, None].expand(-1, 0)
    while len(rows):
        rest = part_of(frames, rows)
        values = _sampled(model, rest, values, count)
        found, known = _average_where_known(model, rest, values)
        average[rows[known]] = found[known]
        rows, values, count = rows[~known], values[~known], 2 * count
    return average


def _sampled(model: SignalModel, frames: Frames, values: Tensor, count: int) -> Tensor:
    """Log ratios (N, count) at even phases of a sector, every other of which may be known."""
    if not values.shape[1]:
        return _at(model, frames, _evenly(count, values.device))
    between = _evenly(count // 2, values.device) + 1 / count
    return torch.stack([values, _at(model, frames, between)], -1).flatten(1)


def _evenly(count: int, device: torch.device) -> Tensor:
    return torch.arange(count, device=device, dtype=torch.float64) / count


def _at(model: SignalModel, frames: Frames, sectors: Tensor) -> Tensor:
    """Log ratios (N, G) at phases (G,) or (N, G) in units of the model's sector."""
    return model.log_ratio(frames, (sectors / model.symmetry).expand(len(frames), -1))


def _tail(values: Tensor) -> Tensor:
    """Sum of the amplitudes (N,) of the highest quarter of the harmonics."""
    harmonics = torch.fft.rfft(values, dim=1).abs() * (2 / values.shape[1])
    return harmonics[:, harmonics.shape[1] * 3 // 4 :].sum(1)


def _average_where_known(
    model: SignalModel, frames: Frames, values: Tensor
) -> tuple[Tensor, Tensor]:
    """Log mean exp (N,) of the function sampled by values (N, G), and the rows that converged."""
    found = torch.zeros(len(values), dtype=torch.float64, device=values.device)
    tail = _tail(values)
    smooth = tail < _TAIL
    if smooth.any():
        fine = _interpolated(values[smooth], _DEPTH)
        found[smooth] = torch.logsumexp(fine, 1) - math.log(fine.shape[1])
    last = values.shape[1] >= _FINEST
    rough = ~smooth & ((tail < _ROUGH * (values.amax(1) - values.amin(1))) | last)
    known = smooth.clone()
    if rough.any():
        some = part_of(frames, rough)
        found[rough], known[rough] = _peak_average(model, some, values[rough], tail[rough], last)
    return found, known


def _peak_average(
    model: SignalModel, frames: Frames, values: Tensor, tail: Tensor, last: bool
) -> tuple[Tensor, Tensor]:
    """Log mean exp (N,), resampled where the polynomial is not negligible, and where that pays.

    A polynomial is wrong by up to its tail, which widens the range below the maximum that counts.
    """
    depth = (_DEPTH + 2 * tail)[:, None]
    fine = _interpolated(values, depth)
    counts = fine > fine.amax(1, keepdim=True) - depth
    pays = (counts.sum(1) <= _WORTH * values.shape[1]) | last
    found = torch.zeros_like(tail)
    if pays.any():
        found[pays] = _average_at(model, part_of(frames, pays), fine[pays], counts[pays])
    return found, pays


def _average_at(model: SignalModel, frames: Frames, fine: Tensor, counts: Tensor) -> Tensor:
    """Log mean exp (N,) of the model at those steps of `fine` (N, F) that count."""
    places = fine.topk(int(counts.sum(1).max()), dim=1).indices
    ratios = _at(model, frames, places.double() / fine.shape[1])
    ratios = ratios.masked_fill(~counts.gather(1, places), -math.inf)
    return torch.logsumexp(ratios, 1) - math.log(fine.shape[1])


def _interpolated(values: Tensor, depth: Tensor | float) -> Tensor:
    """The polynomials through values (N, G) in steps no longer than the width of their peaks."""
    count = values.shape[1]
    spectrum = torch.fft.rfft(values, dim=1)
    spectrum[:, -1] /= 2  # one half of the highest harmonic goes to either side
    fine = values
    while _steepest(fine, depth) > 1 and count < _LONGEST:
        count *= 2
        fine = torch.fft.irfft(spectrum * (count / values.shape[1]), n=count, dim=1)
    return fine


def _steepest(values: Tensor, depth: Tensor | float) -> float:
    """How far values fall below the tangent at most within a step, where they count.

    Up to one a step is no longer than the width of a peak, and a sum of steps is an integral.
    """
    bend = 2 * values - values.roll(1, 1) - values.roll(-1, 1)
    counts = values > values.amax(1, keepdim=True) - depth
    return float(bend[counts].max())
