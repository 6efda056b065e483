"""Signal models of the modulations, and which modulations are indistinguishable."""

import math
from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np

from rfmae.errors import RecipeError
from rfmae.signal.modulations import Modulation
from rfmae.signal.pulses import Pulse
from rfmae.theory.frames import SignalModel, own_turn
from rfmae.theory.memoryless import LinearModel, NoiseModel, OffsetModel, same_points
from rfmae.theory.trellis import ContinuousPhaseModel

_MOST_INTERFERENCE = 0.01  # intersymbol interference after the filter, of a symbol's energy


def signal_model_of(modulation: Modulation, pulse: Pulse, samples_per_symbol: int) -> SignalModel:
    """The signal model of a modulation with a pulse and so many samples per symbol.

    Linear modulations need a pulse whose matched filter leaves hardly any interference between
    symbols, which the models ignore.
    """
    if modulation.family in ("analog", "ofdm"):
        raise RecipeError(
            f"no likelihood is known of {modulation}; leave it out of the classes: only digital "
            "modulations of one carrier have a ceiling"
        )
    if modulation.family == "noise":
        return NoiseModel()
    if modulation.family == "phase":
        return ContinuousPhaseModel(modulation, samples_per_symbol)
    _check_interference(modulation, pulse, samples_per_symbol)
    if modulation.family == "offset":
        return OffsetModel()
    return _linear_model(modulation, pulse, samples_per_symbol)


def indistinguishable_classes(
    modulations: Iterable[Modulation],
    pulse: Pulse,
    samples_per_symbol: int,
    phase: Literal["known", "unknown"],
) -> tuple[tuple[str, ...], ...]:
    """All modulations by name, grouped where no receiver can distinguish them.

    With an unknown carrier phase, alphabets are equal that differ by a turn.
    """
    groups: list[list[Modulation]] = []
    for row in modulations:
        for group in groups:
            if _are_equal(group[0], row, pulse, samples_per_symbol, phase):
                group.append(row)
                break
        else:
            groups.append([row])
    return tuple(tuple(row.name for row in group) for group in groups)


def _are_equal(
    one: Modulation, other: Modulation, pulse: Pulse, samples_per_symbol: int, phase: str
) -> bool:
    kind = _kind(one)
    if (kind, one.order) != (_kind(other), other.order):
        return False
    if kind == "linear":
        return _same_linear(
            _linear_model(one, pulse, samples_per_symbol),
            _linear_model(other, pulse, samples_per_symbol),
            phase,
        )
    if kind == "phase":
        return one.settings == other.settings
    return kind in ("offset", "noise") or one == other


def _kind(modulation: Modulation) -> str:
    linear = modulation.family in ("memoryless", "rotating", "differential")
    return "linear" if linear else modulation.family


def _same_linear(one: LinearModel, other: LinearModel, phase: str) -> bool:
    """Equal points that turn alike, up to the states of a start or to any carrier phase."""
    if (one.symmetry, one.starts) != (other.symmetry, other.starts):
        return False
    starts = (start / one.symmetry for start in range(one.starts))
    turns = _turns_between(one, other) if phase == "unknown" else starts
    return any(same_points(one.points, other.points, turn) for turn in turns)


def _turns_between(one: LinearModel, other: LinearModel) -> Iterator[float]:
    """Turns that bring the outermost point of the one onto a point of the other."""
    farthest = max(one.points, key=abs)
    as_far = (point for point in other.points if math.isclose(abs(point), abs(farthest)))
    return (float(np.angle(point / farthest)) / (2 * math.pi) for point in as_far)


def _linear_model(modulation: Modulation, pulse: Pulse, samples_per_symbol: int) -> LinearModel:
    return LinearModel(
        _received_points(modulation, pulse, samples_per_symbol), own_turn(modulation)
    )


def _received_points(
    modulation: Modulation, pulse: Pulse, samples_per_symbol: int
) -> tuple[complex, ...]:
    """Points after the matched filter, scaled for a waveform of unit power.

    A differential modulation sums its steps: its points are all multiples of a step.
    """
    if modulation.family == "differential":
        turns = np.arange(modulation.order) / modulation.order
        return tuple(complex(point) for point in np.exp(2j * np.pi * turns))
    points = np.array(modulation.points)
    gain = _gain(pulse, samples_per_symbol, float(abs(np.mean(points)) ** 2))
    return tuple(complex(point) for point in gain * points)


def _gain(pulse: Pulse, samples_per_symbol: int, mean_power: float) -> float:
    """The scale of symbols whose mean has power `mean_power`.

    The mean of the symbols adds up where pulses overlap, their deviations do not.
    """
    reach = pulse.reach_symbols
    times = (
        np.arange(-reach, reach + 1)[:, None] + np.arange(samples_per_symbol) / samples_per_symbol
    )
    values = pulse.at(times)
    apart, together = np.mean(np.sum(values**2, axis=0)), np.mean(np.sum(values, axis=0) ** 2)
    return float(np.sqrt(apart / ((1 - mean_power) * apart + mean_power * together)))


def _check_interference(modulation: Modulation, pulse: Pulse, samples_per_symbol: int) -> None:
    pulse.check_rate(samples_per_symbol)
    half = pulse.reach_symbols * samples_per_symbol
    values = pulse.at(np.arange(-half, half + 1) / samples_per_symbol)
    passed = np.correlate(values, values, "full") / np.sum(values**2)
    interference = (
        np.sum(passed[(len(passed) // 2) % samples_per_symbol :: samples_per_symbol] ** 2) - 1
    )
    if interference > _MOST_INTERFERENCE:
        raise RecipeError(
            f"no likelihood is known of {modulation} with a pulse {pulse.shape!r}, whose symbols "
            f"interfere after the matched filter ({interference:.1%} of their energy); use 'rrc' "
            "with a longer span, 'rectangular' or 'half-sine'"
        )
