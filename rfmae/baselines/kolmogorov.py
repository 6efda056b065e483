"""The Kolmogorov-Smirnov classifier: the class whose distribution is nearest to that of a frame.

Wang and Wang, Fast and robust modulation classification via Kolmogorov-Smirnov test, IEEE Trans.
Communications 58(8), 2010. There the distributions are computed at a known SNR; here they are those
of the training examples, and the nearest of any SNR determines the class.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfmae.errors import ShapeError, nearest
from rfmae.records import ComplexArray, FloatArray, IntArray

SETS: dict[str, tuple[str, ...]] = {
    "magnitude": ("magnitude",),
    "differential": ("magnitude", "along", "across"),
    "quadratures": ("magnitude", "in-phase", "quadrature"),
}
"""Sets of statistics; the carrier phase changes those of the third set alone."""

_LEVELS = 128  # of a statistic, at which distributions are compared
_POOLED = 1024  # examples, evenly through all, that the levels are chosen from
_NUMBERS = 2**22  # differences of distributions at once


@dataclass(frozen=True, slots=True)
class Templates:
    """Distributions of S statistics in K groups of training examples of one class and SNR."""

    statistics: npt.NDArray[np.str_]  # (S,)
    levels: FloatArray  # (S, G), rising
    distributions: FloatArray  # (S, K, G)
    owner: IntArray  # (K,) class of each group
    classes: IntArray  # (): M

    def __post_init__(self) -> None:
        for name in self.statistics:
            if name not in _STATISTICS:
                raise ShapeError(f"unknown statistic {str(name)!r}; {nearest(name, _STATISTICS)}")

    def scores(self, iq: ComplexArray) -> FloatArray:
        """Minus the distance to the nearest group of each class, (N, M), of I/Q (N, T)."""
        distance = self.distances(iq)
        of_class = [
            distance[:, self.owner == label].min(axis=1, initial=np.inf)
            for label in range(int(self.classes))
        ]
        return -np.column_stack(of_class)

    def distances(self, iq: ComplexArray) -> FloatArray:
        """Kolmogorov-Smirnov distances to every group (N, K), the statistics summed."""
        rows = max(1, _NUMBERS // self.distributions[0].size)
        parts = np.split(iq, range(rows, len(iq), rows))
        return np.concatenate([self._distances(part) for part in parts])

    def _distances(self, iq: ComplexArray) -> FloatArray:
        found = np.zeros((len(iq), len(self.owner)), np.float32)
        for place, name in enumerate(self.statistics):
            seen = distribution(statistic(iq, name), self.levels[place])
            found += np.abs(seen[:, None] - self.distributions[place]).max(axis=2)
        return found


def statistic(iq: ComplexArray, name: str) -> FloatArray:
    """Values (N, T), or (N, T − 1), of I/Q (N, T) whose distribution is compared.

    `along` and `across` are the parts of y[k]·conj(y[k − 1]), which no carrier phase changes.
    """
    return _STATISTICS[name](iq)


def _turn(iq: ComplexArray) -> ComplexArray:
    return iq[:, 1:] * iq[:, :-1].conj()


_STATISTICS = {
    "magnitude": lambda iq: np.abs(iq),
    "in-phase": lambda iq: iq.real,
    "quadrature": lambda iq: iq.imag,
    "along": lambda iq: _turn(iq).real,
    "across": lambda iq: _turn(iq).imag,
}


def distribution(values: FloatArray, levels: FloatArray) -> npt.NDArray[np.float32]:
    """The share of values (N, T) at or below each level (G,), (N, G)."""
    place = np.searchsorted(levels, values)  # the first level that is not below the value
    size = len(levels) + 1
    flat = place + size * np.arange(len(values))[:, None]
    counts = np.bincount(flat.ravel(), minlength=size * len(values)).reshape(-1, size)
    return (counts.cumsum(axis=1)[:, :-1] / values.shape[1]).astype(np.float32)


def fit_templates(
    iq: ComplexArray, label: IntArray, snr_db: FloatArray, classes: int, *, statistics: str
) -> Templates:
    """The distributions of I/Q (N, T) by label (N,) and SNR (N,) to a whole dB, a name of `SETS`.

    Examples whose SNR is not stated (nan) make one group for each class.
    """
    whole = np.rint(np.nan_to_num(snr_db, nan=0.0)).astype(int)
    groups, member = np.unique(np.column_stack([label, whole]), axis=0, return_inverse=True)
    names = SETS[statistics]
    measured = [_measured(iq, name, member.ravel(), len(groups)) for name in names]
    return Templates(
        np.array(names),
        np.stack([levels for levels, _ in measured]),
        np.stack([distributions for _, distributions in measured]),
        groups[:, 0],
        np.array(classes),
    )


def _measured(
    iq: ComplexArray, name: str, member: IntArray, groups: int
) -> tuple[FloatArray, FloatArray]:
    """Levels of one statistic and the distribution of each group at them."""
    some = iq[:: max(1, len(iq) // _POOLED)]
    levels = levels_of(statistic(some, name))
    total = np.zeros((groups, len(levels)), np.float64)
    for rows in np.split(np.arange(len(iq)), range(1024, len(iq), 1024)):
        np.add.at(total, member[rows], distribution(statistic(iq[rows], name), levels))
    shares = total / np.bincount(member, minlength=groups)[:, None]
    return levels, shares.astype(np.float32)


def levels_of(values: FloatArray, count: int = _LEVELS) -> FloatArray:
    """Ascending levels with equal shares of all values between them."""
    return np.quantile(values.astype(np.float64), (np.arange(count) + 0.5) / count)
