"""The settings of modulations that a recipe may change, one record for each kind of waveform."""

import math
from dataclasses import dataclass
from typing import Any, Literal

from rfmae.errors import RecipeError
from rfmae.signal.ofdm import check_subcarriers


@dataclass(frozen=True, slots=True)
class ContinuousPhase:
    """CPM: a symbol turns the phase by ±1, ±3, … times π·modulation_index, over pulse_symbols."""

    modulation_index: float
    bt: float = math.inf  # bandwidth-time product of the Gaussian; infinite is rectangular
    pulse_symbols: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.modulation_index <= 8:
            raise RecipeError(f"modulation_index must lie in (0, 8], got {self.modulation_index:g}")
        if not self.bt > 0:
            raise RecipeError(f"bt must be positive, got {self.bt:g}")
        if not 1 <= self.pulse_symbols <= 16:
            raise RecipeError(f"pulse_symbols must lie in 1 to 16, got {self.pulse_symbols}")
        if math.isinf(self.bt) and self.pulse_symbols != 1:
            raise RecipeError(
                "a rectangular pulse lasts 1 symbol; "
                f"name a bt for pulse_symbols {self.pulse_symbols}"
            )


@dataclass(frozen=True, slots=True)
class Rings:
    """Radii of APSK over that of the innermost ring."""

    ring_ratios: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Analog:
    """A speech-like message on a carrier.

    `bandwidth_per_symbol` is that of the message in units of the symbol rate that digital classes
    of the same link have. `modulation_index` is the peak over the carrier (0 suppresses it) for
    amplitude, and the rms frequency deviation over the bandwidth for frequency modulation.
    """

    kind: Literal["double-sideband", "upper-sideband", "lower-sideband", "frequency"]
    bandwidth_per_symbol: float
    modulation_index: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.bandwidth_per_symbol <= 0.5:
            raise RecipeError(
                f"bandwidth_per_symbol must lie in (0, 0.5], got {self.bandwidth_per_symbol:g}"
            )
        highest = 10.0 if self.kind == "frequency" else 1.0
        if not 0 <= self.modulation_index <= highest:
            raise RecipeError(
                f"modulation_index of {self.kind} must lie in 0 to {highest:g}, "
                f"got {self.modulation_index:g}"
            )


@dataclass(frozen=True, slots=True)
class Subcarriers:
    """OFDM: active sub-carriers around an empty centre, and a cyclic prefix, in chips."""

    fft_size: int = 64
    active: int = 52
    cyclic_prefix: int = 16

    def __post_init__(self) -> None:
        check_subcarriers(self.active, self.fft_size, self.cyclic_prefix)


@dataclass(frozen=True, slots=True)
class NoSettings:
    """No settings."""


Settings = ContinuousPhase | Rings | Analog | Subcarriers | NoSettings


def check_kind(name: str, value: Any, default: Any) -> None:
    """Refuse a list for a number, a fraction for a count, and what is not finite."""
    wanted = {int: "a whole number", float: "a number", tuple: "a list of numbers"}[type(default)]
    numbers = value if isinstance(value, tuple) else (value,)
    fits = isinstance(value, tuple) == isinstance(default, tuple) and all(
        isinstance(number, int | float) and math.isfinite(number) for number in numbers
    )
    if not fits or (isinstance(default, int) and not isinstance(value, int)):
        raise RecipeError(f"{name} must be {wanted}, got {value!r}")
