"""Whether scores of examples differ by class: each class against the mean of the others.

A score is a bounded number of one example at one place: a sample, a frequency, a block of time.
Bounded scores have no heavy tails, so that the tests hold far out, where many places are tested
at once (Student's t with the degrees of freedom of Welch, Biometrika 34, 1947, and Satterthwaite).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from rfmae.records import FloatArray, IntArray

LEAST_ROWS = 20
"""Examples that a class needs to be compared."""

_LEAST_VARIANCE = 1e-12  # of scores between 0 and 1
_STEPS = 60  # of a bisection


class ClassSums:
    """Sums of scores by class and place; memory for classes times places, not for examples."""

    def __init__(self, classes: int, places: int) -> None:
        self.count = np.zeros(classes)
        self._sum = np.zeros((classes, places))
        self._square = np.zeros((classes, places))

    def add(self, label: IntArray, scores: FloatArray) -> None:
        """Scores (N, places) of examples with their labels (N,)."""
        for c in np.unique(label):
            mine = scores[label == c].astype(np.float64, copy=False)
            self.count[c] += len(mine)
            self._sum[c] += mine.sum(axis=0)
            self._square[c] += np.square(mine).sum(axis=0)

    def of(self, classes: Sequence[int]) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Examples (C, 1), mean and squared error of the mean (C, places) of some classes."""
        chosen = np.asarray(classes, np.int64)
        count = self.count[chosen][:, None]
        mean = self._sum[chosen] / count
        variance = (self._square[chosen] / count - np.square(mean)) * count / (count - 1)
        return count, mean, np.maximum(variance, _LEAST_VARIANCE) / count


@dataclass(frozen=True, slots=True)
class Standing:
    """The class and place that stand out most among the classes that were compared.

    That is where the difference is largest, of those that are significant. `p_value` is two-sided
    and corrected for classes, places and tests; `noticeable` is the least difference that would
    have been significant at the median place, of the class where it is largest.
    """

    label: int
    place: int
    difference: float  # of scores, the class less the mean of the others
    p_value: float
    noticeable: float
    places: IntArray  # where any class stands out significantly, ascending


def standing_out(
    sums: ClassSums, classes: Sequence[int], *, level: float, tests: int = 1
) -> Standing | None:
    """The class that stands out most; none where fewer than two have enough examples."""
    kept = [c for c in classes if sums.count[c] >= LEAST_ROWS]
    if len(kept) < 2:
        return None
    count, mean, error = sums.of(kept)
    others = len(kept) - 1
    rest = (mean.sum(axis=0) - mean) / others
    of_rest = (error.sum(axis=0) - error) / others**2
    terms = np.square(error) / (count - 1)
    terms_of_rest = (terms.sum(axis=0) - terms) / others**4
    freedom = np.square(error + of_rest) / (terms + terms_of_rest)
    deviation = np.sqrt(error + of_rest)
    repeated = mean.size * tests
    distance = np.abs(mean - rest) / deviation
    p_value = np.minimum(1.0, 2 * stats.t.sf(distance, freedom) * repeated)
    moves = np.any(error * count > _LEAST_VARIANCE, axis=0)  # elsewhere there is nothing to see
    varies = moves if moves.any() else np.ones_like(moves)
    # of many that are significant the largest
    chosen = np.where(p_value < level, 1e6 + np.abs(mean - rest), distance)
    row, place = np.unravel_index(int(chosen.argmax()), p_value.shape)
    critical = stats.t.isf(level / (2 * repeated), np.median(freedom[:, varies], axis=1))
    return Standing(
        label=kept[int(row)],
        place=int(place),
        difference=float((mean - rest)[row, place]),
        p_value=float(p_value[row, place]),
        noticeable=float((critical * np.median(deviation[:, varies], axis=1)).max()),
        places=np.flatnonzero((p_value < level).any(axis=0)),
    )


def noticeable_size(gain: Callable[[float], float], noticeable: float) -> float:
    """The least size from 1e-12 to 1000 at which a growing mean score reaches a difference."""
    low, high = 1e-12, 1e3
    for _ in range(_STEPS):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if gain(middle) < noticeable else (low, middle)
    return high
