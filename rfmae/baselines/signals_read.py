"""The inputs of a baseline: its signals and their units."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import get_args

from rfmae.baselines.scale import Scale
from rfmae.errors import ShapeError, check_choice
from rfmae.records import ComplexArray, Plane, View, Views, What


@dataclass(frozen=True, slots=True)
class Signal:
    """The signal of an image plane, before it is rendered.

    `symbols` and `trajectory` are a view itself; differential ones are products of its samples
    with those `lag_samples` before.
    """

    what: What
    lag_samples: int = 0

    def __post_init__(self) -> None:
        check_choice("what", self.what, What)
        if self.is_differential != (self.lag_samples > 0):
            raise ShapeError(
                "differential signals have a lag of at least one sample and others have none, "
                f"got {self.what} with {self.lag_samples}"
            )

    @property
    def view(self) -> View:
        """The view that it is taken from."""
        return "symbols" if self.what in ("symbols", "differential") else "waveform"

    @property
    def is_differential(self) -> bool:
        return self.what in ("differential", "differential-trajectory")


@dataclass(frozen=True, slots=True)
class InputSpec:
    """The signals that a baseline reads, at least one, and the units of their I/Q."""

    signals: tuple[Signal, ...]
    scale: Scale = field(default_factory=Scale)

    def __post_init__(self) -> None:
        if not self.signals:
            raise ShapeError("a baseline reads at least one signal, got none")

    @property
    def views(self) -> tuple[View, ...]:
        """The views that the signals are taken from, each once, symbols first."""
        needed = {signal.view for signal in self.signals}
        return tuple(view for view in get_args(View) if view in needed)

    def single(self, views: Views) -> ComplexArray:
        """The I/Q (N, T) of the one view that a baseline of one signal reads."""
        (view,) = self.views
        return views[view]


def signals_of_views(views: Iterable[View]) -> tuple[Signal, ...]:
    """Each view itself as a signal, symbols first."""
    whats: dict[View, What] = {"symbols": "symbols", "waveform": "trajectory"}
    return tuple(Signal(whats[view]) for view in get_args(View) if view in set(views))


def signal_of_plane(plane: Plane, samples_per_symbol: float) -> Signal:
    """The signal of a plane, from its view at `samples_per_symbol`."""
    return Signal(plane.what, round(plane.lag_symbols * samples_per_symbol))
