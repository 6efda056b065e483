"""Carriers of classes, from the lines of powers of their samples.

The k-th power of a linear modulation, whose alphabet has fewer than k turns onto itself, has a
line at k times its carrier, and where symbols have one timing more lines on both sides, a symbol
rate apart: the lines are symmetric about k times the carrier. Carriers that are drawn for each
example leave no line at one frequency in most examples.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rfmae.evaluation.leak_residuals import MOST_SAMPLES
from rfmae.records import ComplexArray, FloatArray, IntArray

POWERS = (2, 4, 8)

_REACH = 16  # bins on either side of a line that its floor is taken from
_LEAST_ROWS = 20
_LEAST_HEIGHT = 0.25  # of a score, 0.4 on average without a line and at most 1 with one
_DEVIATIONS = 8.0
_DEVIATION = 0.28  # of the score of one example without a line
_NEAR = 2  # bins around the mirror of a line
_MIRRORED = 0.5  # of the height of a line, at least, in its mirror


@dataclass(frozen=True, slots=True)
class Line:
    """The strongest line of a power of the samples of a class, and the heights of all (F,)."""

    power: int
    place: int
    heights: FloatArray

    @property
    def resolution(self) -> float:
        """Carriers closer than this, in turns per sample, are one."""
        return 1.5 / (self.power * len(self.heights))

    @property
    def carriers(self) -> FloatArray:
        """The carriers that it may be of, in turns per sample, (power,)."""
        turns = (self.place / len(self.heights) + np.arange(self.power)) / self.power
        return (turns + 0.5) % 1.0 - 0.5

    def agrees(self, carrier: float) -> bool:
        """Whether the lines are symmetric about the power of a carrier, in turns per sample."""
        places = len(self.heights)
        mirror = round(2 * self.power * carrier * places) - self.place
        around = self.heights[(mirror + np.arange(-_NEAR, _NEAR + 1)) % places]
        return bool(around.max() >= _MIRRORED * self.heights[self.place])

    @property
    def carrier(self) -> float:
        """The carrier of the line: zero where lines are symmetric, else the one nearest to it."""
        found = self.carriers
        return 0.0 if self.agrees(0.0) else float(found[np.abs(found).argmin()])


class PowerSpectra:
    """Mean spectra of powers of the samples of each class; memory for classes, not examples.

    The power of each frequency over the mean of the example counts as x/(1 + x), so that no few
    examples make a line.
    """

    def __init__(self, classes: int, samples: int) -> None:
        self._samples = min(samples, MOST_SAMPLES)
        self._count = np.zeros(classes)
        self._sum = np.zeros((len(POWERS), classes, self._samples))

    def add(self, label: IntArray, iq: ComplexArray) -> None:
        """Examples (N, T) with their labels (N,)."""
        head = iq[:, : self._samples]
        size = np.abs(head)
        unit = head / np.where(size > 0, size, 1.0)
        self._count += np.bincount(label, minlength=len(self._count))
        for place, power in enumerate(POWERS):
            spectrum = np.square(np.abs(np.fft.fft(size * unit**power, axis=1)))
            spectrum /= np.maximum(spectrum.mean(axis=1, keepdims=True), 1e-30)
            scores = spectrum / (1 + spectrum)
            for c in np.unique(label):
                self._sum[place, c] += scores[label == c].sum(axis=0)

    def line(self, label: int) -> Line | None:
        """The line of the lowest power of a class that has any."""
        count = self._count[label]
        if count < _LEAST_ROWS:
            return None
        least = max(_LEAST_HEIGHT, _DEVIATIONS * _DEVIATION / np.sqrt(count))
        for place, power in enumerate(POWERS):
            heights = self._heights(self._sum[place, label] / count)
            if heights.max() > least:
                return Line(power, int(heights.argmax()), heights)
        return None

    def _heights(self, spectrum: FloatArray) -> FloatArray:
        """Each frequency above the median of its neighbours."""
        reach = min(_REACH, self._samples // 4)
        steps = [step for step in range(-reach, reach + 1) if abs(step) > _NEAR]
        around = np.stack([np.roll(spectrum, step) for step in steps])
        heights: FloatArray = spectrum - np.median(around, axis=0)
        return heights


def lines_of(spectra: PowerSpectra, classes: Sequence[int]) -> dict[int, Line]:
    """The lines of those of some classes that have any."""
    found = {c: spectra.line(c) for c in classes}
    return {c: line for c, line in found.items() if line is not None}


def common_carrier(lines: Mapping[int, Line]) -> float | None:
    """The carrier nearest to zero that explains the lines of all classes, if any does."""
    finest = max(lines.values(), key=lambda line: line.power)
    fits = [
        float(carrier)
        for carrier in (0.0, *finest.carriers)
        if all(line.agrees(float(carrier)) for line in lines.values())
    ]
    return min(fits, key=abs, default=None)
