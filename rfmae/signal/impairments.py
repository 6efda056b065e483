"""Channel settings of a recipe: each effect is none, a number, or a range to draw from."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from rfmae.errors import RecipeError
from rfmae.records import FloatArray
from rfmae.signal.modulations import find_modulation
from rfmae.units import parse_snr_grid

Setting = str | float | tuple[float, ...]
"""`"none"`, `"uniform"` (where an effect has a natural range), one number, or (lowest, highest)."""

Streams = Callable[[str], np.random.Generator]
"""The random generator of a purpose, the same at each call."""

Drawn = dict[str, FloatArray]
"""The random values of each example, by the name of the effect, each (N,)."""


@dataclass(frozen=True, slots=True)
class Fading:
    """Rayleigh or Rician gains; several paths make a tapped delay line.

    `k_factor_db` is the line of sight over the scattered power of the first path (Rician alone);
    a Doppler of zero keeps the gain of an example. Paths together have unit mean power.
    """

    kind: Literal["none", "rayleigh", "rician"] = "none"
    k_factor_db: Setting = "none"
    doppler_turns_per_symbol: Setting = 0.0
    delays_symbols: tuple[float, ...] = (0.0,)
    powers_db: tuple[float, ...] = (0.0,)

    def __post_init__(self) -> None:
        _check_setting("k_factor_db", self.k_factor_db, -100, 100)
        _check_setting("doppler_turns_per_symbol", self.doppler_turns_per_symbol, 0, 0.5)
        if (self.kind == "rician") != (self.k_factor_db != "none"):
            raise RecipeError(
                f"k_factor_db belongs to fading kind 'rician' and to no other, "
                f"got kind {self.kind!r} and k_factor_db {self.k_factor_db!r}"
            )
        if self.doppler_turns_per_symbol == "none":
            raise RecipeError("doppler_turns_per_symbol must be a number or a range; write 0.0")
        if not self.delays_symbols or len(self.delays_symbols) != len(self.powers_db):
            raise RecipeError(
                "delays_symbols and powers_db must name the same paths, at least one, "
                f"got {len(self.delays_symbols)} and {len(self.powers_db)}"
            )
        if not all(0 <= delay <= 64 for delay in self.delays_symbols):
            raise RecipeError(f"delays_symbols must lie in 0 to 64, got {self.delays_symbols}")
        if not all(abs(power) <= 100 for power in self.powers_db):
            raise RecipeError(f"powers_db must lie in -100 to 100, got {self.powers_db}")


@dataclass(frozen=True, slots=True)
class Interference:
    """Another signal in the same band, at a ratio in dB below the wanted one."""

    carrier_to_interference_db: Setting = "none"
    modulation: str = "QPSK"
    carrier_offset_turns_per_symbol: Setting = 0.0

    def __post_init__(self) -> None:
        _check_setting("carrier_to_interference_db", self.carrier_to_interference_db, -100, 100)
        _check_setting(
            "carrier_offset_turns_per_symbol", self.carrier_offset_turns_per_symbol, -64, 64
        )
        if self.carrier_offset_turns_per_symbol == "none":
            raise RecipeError("carrier_offset_turns_per_symbol must be a number; write 0.0")
        if find_modulation(self.modulation).family == "noise":
            raise RecipeError(
                f"interference must be a signal, got modulation {self.modulation!r}; "
                "impulses and the SNR make noise"
            )


@dataclass(frozen=True, slots=True)
class Impulses:
    """Impulsive noise: each sample is hit with a probability, `ratio_db` above the white noise."""

    probability: Setting = "none"
    ratio_db: Setting = 20.0

    def __post_init__(self) -> None:
        _check_setting("probability", self.probability, 0, 1)
        _check_setting("ratio_db", self.ratio_db, -100, 100)
        if self.ratio_db == "none":
            raise RecipeError("ratio_db of impulses must be a number or a range, got 'none'")


@dataclass(frozen=True, slots=True)
class Channel:
    """White noise at every point of an SNR grid in dB, and the other effects of a channel.

    `snr_offset_db` moves the SNR of each example off its point of the grid, which it keeps.
    """

    snr: str
    snr_reference: Literal["symbol", "bit", "sample"] = "symbol"
    snr_offset_db: Setting = "none"
    phase_offset_turns: Setting = "uniform"
    carrier_offset_turns_per_symbol: Setting = "none"
    linewidth_turns_per_symbol: Setting = "none"
    timing_offset_symbols: Setting = "none"
    clock_offset_ppm: Setting = "none"
    iq_gain_imbalance_db: Setting = "none"
    iq_phase_imbalance_degrees: Setting = "none"
    dc_offset_rms: Setting = "none"
    clip_level_rms: Setting = "none"
    quantiser_bits: Setting = "none"
    fading: Fading = field(default_factory=Fading)
    interference: Interference = field(default_factory=Interference)
    impulses: Impulses = field(default_factory=Impulses)

    def __post_init__(self) -> None:
        for name, (lowest, highest) in _LIMITS.items():
            _check_setting(name, getattr(self, name), lowest, highest, name in _NATURAL_RANGES)

    @property
    def snr_db(self) -> tuple[float, ...]:
        return parse_snr_grid(self.snr)

    @property
    def settings(self) -> dict[str, Setting]:
        """Every effect that is not none, by its name in a data set."""
        found = {name: getattr(self, name) for name in _LIMITS}
        if self.dc_offset_rms != "none":
            found["dc_angle_turns"] = "uniform"
        if self.fading.kind != "none":
            found["doppler_turns_per_symbol"] = self.fading.doppler_turns_per_symbol
            found["k_factor_db"] = self.fading.k_factor_db
        if self.interference.carrier_to_interference_db != "none":
            found["carrier_to_interference_db"] = self.interference.carrier_to_interference_db
            found["interferer_offset_turns_per_symbol"] = (
                self.interference.carrier_offset_turns_per_symbol
            )
        if self.impulses.probability != "none":
            found["impulse_probability"] = self.impulses.probability
            found["impulse_ratio_db"] = self.impulses.ratio_db
        return {name: value for name, value in found.items() if value != "none"}

    @property
    def drawn_names(self) -> tuple[str, ...]:
        """The effects whose values are stored with each example."""
        return tuple(self.settings)


_LIMITS: dict[str, tuple[float, float]] = {
    "snr_offset_db": (-100, 100),
    "phase_offset_turns": (-1, 1),
    "carrier_offset_turns_per_symbol": (-64, 64),
    "linewidth_turns_per_symbol": (0, 1),
    "timing_offset_symbols": (-1, 1),
    "clock_offset_ppm": (-10_000, 10_000),
    "iq_gain_imbalance_db": (-20, 20),
    "iq_phase_imbalance_degrees": (-60, 60),
    "dc_offset_rms": (0, 10),
    "clip_level_rms": (0.01, 100),
    "quantiser_bits": (1, 24),
}

_NATURAL_RANGES = {
    "phase_offset_turns": (0.0, 1.0),
    "timing_offset_symbols": (-0.5, 0.5),
    "dc_angle_turns": (0.0, 1.0),
}
"""The range of `"uniform"` for periodic effects."""


def draw(channel: Channel, count: int, streams: Streams) -> Drawn:
    """A value of each effect for each of `count` examples, uniform in its range.

    Each effect draws from its own stream, so that a further effect changes none of them.
    """
    return {
        name: _draw_one(name, setting, count, streams) for name, setting in channel.settings.items()
    }


def _draw_one(name: str, setting: Setting, count: int, streams: Streams) -> FloatArray:
    if isinstance(setting, (int, float)):
        return np.full(count, float(setting))
    low, high = _NATURAL_RANGES[name] if isinstance(setting, str) else setting
    values = low + (high - low) * streams(name).random(count)
    # a converter has whole bits: the integers of the range are equally likely
    return np.floor(values + (values - low) / max(high - low, 1)) if name == _BITS else values


_BITS = "quantiser_bits"


def _check_setting(
    name: str, setting: Setting, lowest: float, highest: float, natural: bool = False
) -> None:
    """Refuse an unknown setting, or one beyond its limits."""
    if isinstance(setting, str):
        words = ("none", "uniform") if natural else ("none",)
        if setting not in words:
            raise RecipeError(
                f"{name} must be a number, [lowest, highest] or {' or '.join(map(repr, words))}, "
                f"got {setting!r}"
            )
        return
    ends = setting if isinstance(setting, tuple) else (setting, setting)
    if len(ends) != 2 or not all(map(math.isfinite, ends)) or ends[0] > ends[1]:
        raise RecipeError(f"the range of {name} must be [lowest, highest], got {list(ends)}")
    if not lowest <= ends[0] <= ends[1] <= highest:
        raise RecipeError(f"{name} must lie in {lowest:g} to {highest:g}, got {_listed(ends)}")
    if name == _BITS and any(end != round(end) for end in ends):
        raise RecipeError(f"{name} must be whole, got {_listed(ends)}")


def _listed(ends: tuple[float, ...]) -> str:
    return " to ".join(f"{end:g}" for end in dict.fromkeys(ends))
