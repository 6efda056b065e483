"""A classifier of the pixels of a plane of symbols: exact for independent symbols.

The counts of independent points in the pixels are multinomial; the density plane of an image shows
no more. Points that depend on one another are treated as independent.
"""

import math
from collections.abc import Sequence

import numpy as np

from rfmae.records import ComplexArray, FloatArray, IntArray
from rfmae.signal.impairments import Streams
from rfmae.signal.modulations import Modulation
from rfmae.theory.ceiling_spec import CeilingSpec
from rfmae.theory.marginals import PointSource
from rfmae.theory.pixel_counts import PixelGrid, log_evidence
from rfmae.theory.points import matched_outputs
from rfmae.theory.signal_models import signal_model_of

_STEP = 1.5  # of the phase grid, in standard deviations of a frame's phase estimate
_MOST_PHASES = 1024


def image_scores(
    spec: CeilingSpec, rows: Sequence[Modulation], es_n0: float, streams: Streams, frames: int
) -> tuple[IntArray, FloatArray]:
    """Labels (n,) of simulated frames and log evidence (n, rows) of their counts in the pixels.

    The axes of the image are in units of the mean rms amplitude of symbols and noise, and
    everything outside is one more pixel.
    """
    grid = PixelGrid(spec.pixels, spec.extent, math.sqrt(1 + 1 / es_n0))
    points = np.concatenate(
        [_points(spec, row, es_n0, frames, _own(streams, row.name)) for row in rows]
    )
    cells = grid.cells(points)
    scores = [
        log_evidence(cells, grid, clean, 1 / es_n0, _turns(spec, row, es_n0))
        for row, clean in ((row, _clean(spec, row)) for row in rows)
    ]
    return np.repeat(np.arange(len(rows)), frames), np.stack(scores, axis=1)


def has_independent_symbols(spec: CeilingSpec, rows: Sequence[Modulation]) -> bool:
    """Whether the multinomial distribution of the pixel counts is exact."""
    return all(PointSource(row, spec.pulse, spec.rate).alphabet is not None for row in rows)


def _points(
    spec: CeilingSpec, row: Modulation, es_n0: float, frames: int, streams: Streams
) -> ComplexArray:
    return matched_outputs(
        row,
        spec.pulse,
        spec.rate,
        spec.symbols_per_example,
        es_n0,
        frames,
        streams,
        every_sample=False,
        phase=spec.phase,
    )


def _clean(spec: CeilingSpec, row: Modulation) -> ComplexArray:
    return PointSource(row, spec.pulse, spec.rate).clean_points("symbols")


def _turns(spec: CeilingSpec, row: Modulation, es_n0: float) -> FloatArray:
    """Carrier phases over one sector of symmetry, denser than a frame can resolve."""
    if spec.phase == "known":
        return np.zeros(1)
    sector = 1 / signal_model_of(row, spec.pulse, spec.rate).symmetry
    deviation = 1 / (2 * math.pi * math.sqrt(2 * spec.symbols_per_example * es_n0))
    count = min(_MOST_PHASES, max(8, math.ceil(sector / (_STEP * deviation))))
    return np.arange(count) * (sector / count)


def _own(streams: Streams, name: str) -> Streams:
    return lambda purpose: streams(f"{name} {purpose}")
