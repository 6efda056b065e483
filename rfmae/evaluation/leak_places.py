"""Tests of scores by class and place, with the size of what was found and of what would have been.

Sizes are powers over that of the signal (residuals) or of the whole example (without twins). They
follow from the difference of the mean scores, averaged over the SNRs of the examples.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from scipy.special import ndtr

from rfmae.evaluation.leak_carriers import common_carrier, lines_of
from rfmae.evaluation.leak_residuals import BLOCKS, MOST_SAMPLES
from rfmae.evaluation.leak_scores import ClassSums, noticeable_size, standing_out
from rfmae.evaluation.leak_tests import LEVEL
from rfmae.evaluation.leak_watch import ResidualWatcher, ShapeWatcher
from rfmae.records import FloatArray
from rfmae.records.audit_report import CarrierLines, PlaceTest
from rfmae.units import ratio_to_db

Gain = Callable[[float], float]
"""Mean change of a score by something of this power, over the power that it is compared with."""

RESIDUAL_TESTS = ("mean", "tone", "time", "sample")
SHAPE_TESTS = ("mean", "tone", "time", "sample", "carrier")

_SLOPE = 0.66  # of a bounded score at circular values of unit power: the mean of (1 + x²)^(−3/2)
_RATIOS = 512  # quantiles of the SNR that a gain is averaged over


def residual_test(
    watcher: ResidualWatcher, name: str, classes: Sequence[int], tests: int
) -> PlaceTest | None:
    """One of `RESIDUAL_TESTS`; none where fewer than two classes have enough examples."""
    ratios = watcher.signal_over_noise
    if not len(ratios) or watcher.noise is None:
        return None
    density = {"mean": float(watcher.noise[0]), "tone": float(watcher.noise.max())}
    ratios = ratios / max(density.get(name, 1.0), 1e-12)
    shares = (np.arange(_RATIOS) + 0.5) / _RATIOS
    gain = _residual_gain(name, watcher.samples, np.quantile(ratios, shares))
    return _tested(watcher.sums[name], classes, tests, gain)


def shape_test(
    watcher: ShapeWatcher, name: str, classes: Sequence[int], tests: int
) -> PlaceTest | None:
    """One of `SHAPE_TESTS`; none where fewer than two classes have enough examples."""
    found = _tested(watcher.sums[name], classes, tests, _shape_gain(name, watcher.samples))
    return found and replace(found, size_db=min(found.size_db, 0.0))  # no part has more than all


def carrier_lines(watcher: ShapeWatcher, classes: Sequence[int]) -> CarrierLines | None:
    """The carriers that all examples of a class share, and that of all classes; none without."""
    lines = lines_of(watcher.spectra, classes)
    if not lines:
        return None
    common = common_carrier(lines)
    return CarrierLines(
        turns={c: line.carrier for c, line in lines.items()},
        common=common,
        resolution=max(line.resolution for line in lines.values()),
    )


def is_alone(test: PlaceTest, samples: int) -> bool:
    """Whether the samples that stand out are few, or close together.

    Where symbols have the same timing in all examples, samples stand out all along a row.
    """
    tested = min(samples, MOST_SAMPLES)
    places = np.unique(np.asarray(test.places) % tested)
    if len(places) <= max(1, tested // 64):
        return True
    parts = np.bincount(places * BLOCKS // tested, minlength=BLOCKS)
    return bool(parts.max() > len(places) / 2)


def _tested(
    sums: ClassSums, classes: Sequence[int], tests: int, gain: Gain | None
) -> PlaceTest | None:
    found = standing_out(sums, classes, level=LEVEL, tests=tests)
    if found is None:
        return None

    def in_db(difference: float) -> float:
        return float(ratio_to_db(noticeable_size(gain, difference))) if gain else float("nan")

    return PlaceTest(
        label=found.label,
        place=found.place,
        difference=found.difference,
        p_value=found.p_value,
        size_db=in_db(abs(found.difference)),
        noticeable=found.noticeable,
        noticeable_db=in_db(found.noticeable),
        places=tuple(int(place) for place in found.places),
    )


def _residual_gain(name: str, samples: int, ratios: FloatArray) -> Gain:
    tested = min(samples, MOST_SAMPLES)
    gains: dict[str, Gain] = {
        "mean": lambda power: float(ndtr(np.sqrt(power * tested * ratios)).mean() - 0.5),
        "tone": lambda power: float(-0.5 * np.expm1(-power * tested * ratios / 2).mean()),
        "time": lambda power: float(
            ndtr(power * ratios * np.sqrt(samples // BLOCKS / 2)).mean() - 0.5
        ),
        "sample": lambda power: float(ndtr(np.sqrt(power * ratios)).mean() - 0.5),
    }
    return gains[name]


def _shape_gain(name: str, samples: int) -> Gain | None:
    tested = min(samples, MOST_SAMPLES)
    gains: dict[str, Gain] = {
        "mean": lambda power: float(np.sqrt(power)),
        "tone": lambda power: float(-0.5 * np.expm1(-power * tested / 2)),
        "time": lambda power: (1 + power) / (2 + power) - 0.5,
        "sample": lambda power: _saturating(_SLOPE * np.sqrt(power)),
    }
    return gains.get(name)


def _saturating(value: float) -> float:
    return float(value / np.sqrt(1 + value**2))
