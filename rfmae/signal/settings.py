"""The settings of modulations that a recipe may change, one record for each kind of waveform."""

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from rfmae.configuration.declared import check_settings, declared, setting
from rfmae.errors import RecipeError
from rfmae.signal.ofdm import check_subcarriers


@dataclass(frozen=True, slots=True)
class ContinuousPhase:
    """CPM: a symbol turns the phase by ±1, ±3, … times π·modulation_index, over pulse_symbols."""

    modulation_index: float = field(
        metadata=declared("Turns of π of a symbol ±1.", unit="half turns", above=0, most=8)
    )
    bt: float = setting(
        math.inf, "Bandwidth-time product of the Gaussian; infinite is rectangular.", above=0
    )
    pulse_symbols: int = setting(
        1, "Length of the frequency pulse.", unit="symbols", least=1, most=16
    )

    def __post_init__(self) -> None:
        check_settings(self, RecipeError)
        if math.isinf(self.bt) and self.pulse_symbols != 1:
            raise RecipeError(
                "a rectangular pulse lasts 1 symbol; "
                f"name a bt for pulse_symbols {self.pulse_symbols}"
            )


@dataclass(frozen=True, slots=True)
class Rings:
    """Radii of APSK over that of the innermost ring."""

    ring_ratios: tuple[float, ...] = setting((), "Radius of each ring over that of the innermost.")


@dataclass(frozen=True, slots=True)
class Analog:
    """A speech-like message on a carrier.

    `bandwidth_per_symbol` is that of the message in units of the symbol rate that digital classes
    of the same link have. `modulation_index` is the peak over the carrier (0 suppresses it) for
    amplitude, and the rms frequency deviation over the bandwidth for frequency modulation.
    """

    kind: Literal["double-sideband", "upper-sideband", "lower-sideband", "frequency"]
    bandwidth_per_symbol: float = field(
        metadata=declared("Bandwidth of the message.", unit="symbol rates", above=0, most=0.5)
    )
    modulation_index: float = setting(
        0.0, "Peak over the carrier, or rms deviation over the bandwidth.", least=0, most=10
    )

    def __post_init__(self) -> None:
        check_settings(self, RecipeError)
        highest = 10.0 if self.kind == "frequency" else 1.0
        if not 0 <= self.modulation_index <= highest:
            raise RecipeError(
                f"modulation_index of {self.kind} must lie in 0 to {highest:g}, "
                f"got {self.modulation_index:g}"
            )


@dataclass(frozen=True, slots=True)
class Subcarriers:
    """OFDM: active sub-carriers around an empty centre, and a cyclic prefix, in chips."""

    fft_size: int = setting(64, "Length of the transform.", unit="chips", least=1, most=65_536)
    active: int = setting(52, "Sub-carriers that carry symbols; even.", least=1, most=65_536)
    cyclic_prefix: int = setting(16, "Length of the prefix.", unit="chips", least=0, most=65_536)

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
