"""Scores of examples without clean twins, of what no modulation names by itself.

A modulation is stationary: it may have a mean, a spectrum and an envelope of its own, but no
sample or part of an example is its own. Scores of samples and of time are therefore taken against
the rest of the same example.
"""

import numpy as np

from rfmae.evaluation.leak_residuals import BLOCKS, MOST_SAMPLES
from rfmae.records import ComplexArray, FloatArray, IntArray

_REACH = 12  # frequencies on either side that a line is compared with
_WIDTH = 2  # of a line


def mean_shape(iq: ComplexArray) -> FloatArray:
    """The mean of examples (N, T) in units of their rms, which bounds it (N, 2): I and Q."""
    mean = _at_unit_power(iq).mean(axis=1)
    return np.column_stack([mean.real, mean.imag])


def block_shape(iq: ComplexArray) -> FloatArray:
    """Of the power in each of the blocks of an example, against the mean of all (N, BLOCKS).

    A score bends, so that one of a power that fluctuates is smaller; the mean has it, too.
    """
    length = max(iq.shape[1] // BLOCKS, 1)
    whole = np.square(np.abs(_at_unit_power(iq)))
    blocks = min(BLOCKS, iq.shape[1] // length)
    power = whole[:, : blocks * length].reshape(len(iq), blocks, length).mean(axis=2)
    scores: FloatArray = power / (1 + power)
    return scores - scores.mean(axis=1, keepdims=True)


def sample_shape(iq: ComplexArray) -> FloatArray:
    """Of each sample against the mean of its example (N, 3·T): I, then Q, then its power."""
    head = _at_unit_power(iq)[:, :MOST_SAMPLES]
    power = np.square(np.abs(head))
    parts = (_bounded(head.real), _bounded(head.imag), power / (1 + power))
    return np.hstack([part - part.mean(axis=1, keepdims=True) for part in parts])


def line_shape(iq: ComplexArray) -> FloatArray:
    """Of each frequency, the share of its neighbours that have less power (N, F).

    In a smooth spectrum it is uniform; a tone stands above its neighbours in every example.
    """
    head = iq[:, :MOST_SAMPLES]
    power = np.square(np.abs(np.fft.fft(head, axis=1)))
    reach = min(_REACH, max(power.shape[1] // 32, _WIDTH))
    steps = range(_WIDTH, reach + 1)
    above = np.zeros(power.shape, np.float32)
    for step in (*steps, *(-step for step in steps)):
        above += power > np.roll(power, step, axis=1)
    return above / (2 * len(steps))


def carrier_shape(iq: ComplexArray) -> FloatArray:
    """Of the phase from each sample to the next, averaged by power, in half turns (N, 1)."""
    step = (iq[:, 1:] * iq[:, :-1].conj()).sum(axis=1, dtype=np.complex128)
    return (np.angle(step) / np.pi)[:, None]


class CarrierPhases:
    """Whether the carrier phase of examples is turned at random, from moments of their samples.

    The mean of y^k has k times the carrier phase where the alphabet has fewer than k turns onto
    itself. Without any such class nothing is known.
    """

    def __init__(self, classes: int) -> None:
        self._count = np.zeros((classes, len(_POWERS)))
        self._sum = np.zeros((classes, len(_POWERS)), np.complex128)

    def add(self, label: IntArray, iq: ComplexArray) -> None:
        """Examples (N, T) with their labels (N,)."""
        size = np.abs(iq)
        unit = iq / np.where(size > 0, size, 1.0)
        for place, power in enumerate(_POWERS):
            moment = (size * unit**power).mean(axis=1) / np.maximum(size.mean(axis=1), 1e-30)
            strong = np.abs(moment) > _STRONG
            shown = moment[strong]
            np.add.at(self._count[:, place], label[strong], 1)
            np.add.at(self._sum[:, place], label[strong], shown / np.abs(shown))

    @property
    def are_turned(self) -> bool:
        """Whether some class shows phases that are uniform, and none that are fixed."""
        shown = self._count >= _LEAST_PHASES
        resultant = np.square(np.abs(self._sum)) / np.maximum(self._count, 1)
        uniform = shown & (resultant < _UNIFORM)
        fixed = shown & (resultant > self._count / 4)
        return bool(uniform.any() and not fixed.any())


_POWERS = (1, 2, 4, 8)
_STRONG = 0.3
_LEAST_PHASES = 20
_UNIFORM = 9.0  # Rayleigh's test: exceeded with a probability of 1e-4


def _at_unit_power(iq: ComplexArray) -> ComplexArray:
    rms = np.sqrt(np.square(np.abs(iq), dtype=np.float64).mean(axis=1, keepdims=True))
    scaled: ComplexArray = (iq / np.where(rms > 0, rms, 1.0)).astype(np.complex64)
    return scaled


def _bounded(values: FloatArray) -> FloatArray:
    """From −1 to 1, with the sign and the order of the values."""
    return values / np.sqrt(1 + np.square(values))
