"""Channel settings of a recipe: each effect is none, a number, or a range to draw from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from rfmae.configuration.declared import Setting as DeclaredSetting
from rfmae.configuration.declared import check_settings, declared, declared_settings, setting
from rfmae.errors import RecipeError
from rfmae.records import FloatArray
from rfmae.signal.modulations import find_modulation
from rfmae.units import parse_snr_grid

Setting = str | float | tuple[float, ...]
"""`"none"`, `"uniform"` (where an effect has a natural range), one number, or (lowest, highest)."""

Streams = Callable[[str], np.random.Generator]
"""The random generator of a purpose, the same at each call."""

_OFF, _PERIODIC = ("none",), ("none", "uniform")
"""The texts of an effect: without one, and of one with a natural range."""

Drawn = dict[str, FloatArray]
"""The random values of each example, by the name of the effect, each (N,)."""


def _effects(record: type) -> list[DeclaredSetting]:
    """The declared effects of a record."""
    return [item for item in declared_settings(record) if item.declared.texts]


@dataclass(frozen=True, slots=True)
class Fading:
    """Rayleigh or Rician gains; several paths make a tapped delay line.

    `k_factor_db` is the line of sight over the scattered power of the first path (Rician alone);
    a Doppler of zero keeps the gain of an example. Paths together have unit mean power.
    """

    kind: Literal["none", "rayleigh", "rician"] = setting("none", "Distribution of the gains.")
    k_factor_db: Setting = setting(
        "none",
        "Line of sight over scattered power of the first path.",
        unit="dB",
        least=-100,
        most=100,
        texts=_OFF,
    )
    doppler_turns_per_symbol: Setting = setting(
        0.0, "Largest Doppler shift.", unit="turns per symbol", least=0, most=0.5, texts=_OFF
    )
    delays_symbols: tuple[float, ...] = setting(
        (0.0,), "Delay of each path.", unit="symbols", least=0, most=64
    )
    powers_db: tuple[float, ...] = setting(
        (0.0,), "Power of each path.", unit="dB", least=-100, most=100
    )

    def __post_init__(self) -> None:
        check_settings(self, RecipeError)
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


@dataclass(frozen=True, slots=True)
class Interference:
    """Another signal in the same band, at a ratio in dB below the wanted one."""

    carrier_to_interference_db: Setting = setting(
        "none",
        "Power of the signal over that of the other.",
        unit="dB",
        least=-100,
        most=100,
        texts=_OFF,
    )
    modulation: str = setting("QPSK", "Modulation of the other.")
    carrier_offset_turns_per_symbol: Setting = setting(
        0.0, "Carrier offset of the other.", unit="turns per symbol", least=-64, most=64, texts=_OFF
    )

    def __post_init__(self) -> None:
        check_settings(self, RecipeError)
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

    probability: Setting = setting(
        "none", "Probability that a sample is hit.", least=0, most=1, texts=_OFF
    )
    ratio_db: Setting = setting(
        20.0,
        "Power of an impulse over that of the white noise.",
        unit="dB",
        least=-100,
        most=100,
        texts=_OFF,
    )

    def __post_init__(self) -> None:
        check_settings(self, RecipeError)
        if self.ratio_db == "none":
            raise RecipeError("ratio_db of impulses must be a number or a range, got 'none'")


@dataclass(frozen=True, slots=True)
class Channel:
    """White noise at every point of an SNR grid in dB, and the other effects of a channel.

    `snr_offset_db` moves the SNR of each example off its point of the grid, which it keeps.
    """

    snr: str = field(
        metadata=declared("Grid start:stop[:step] with both ends, or a point.", unit="dB")
    )
    snr_reference: Literal["symbol", "bit", "sample"] = setting(
        "symbol", "What the SNR is of: Es/N0, Eb/N0, or signal over noise of a sample."
    )
    snr_offset_db: Setting = setting(
        "none", "SNR off its point of the grid.", unit="dB", least=-100, most=100, texts=_OFF
    )
    phase_offset_turns: Setting = setting(
        "uniform", "Carrier phase.", unit="turns", least=-1, most=1, texts=_PERIODIC
    )
    carrier_offset_turns_per_symbol: Setting = setting(
        "none", "Carrier offset.", unit="turns per symbol", least=-64, most=64, texts=_OFF
    )
    linewidth_turns_per_symbol: Setting = setting(
        "none",
        "Linewidth of the phase noise.",
        unit="turns per symbol",
        least=0,
        most=1,
        texts=_OFF,
    )
    timing_offset_symbols: Setting = setting(
        "none", "Timing.", unit="symbols", least=-1, most=1, texts=_PERIODIC
    )
    clock_offset_ppm: Setting = setting(
        "none", "Clock offset.", unit="ppm", least=-10_000, most=10_000, texts=_OFF
    )
    iq_gain_imbalance_db: Setting = setting(
        "none", "Gain of I over that of Q.", unit="dB", least=-20, most=20, texts=_OFF
    )
    iq_phase_imbalance_degrees: Setting = setting(
        "none",
        "Error of the right angle between I and Q.",
        unit="degrees",
        least=-60,
        most=60,
        texts=_OFF,
    )
    dc_offset_rms: Setting = setting(
        "none", "Constant offset.", unit="rms amplitudes", least=0, most=10, texts=_OFF
    )
    clip_level_rms: Setting = setting(
        "none", "Clipping level.", unit="rms amplitudes", least=0.01, most=100, texts=_OFF
    )
    quantiser_bits: Setting = setting(
        "none", "Whole bits of the converter.", unit="bits", least=1, most=24, texts=_OFF
    )
    fading: Fading = field(default_factory=Fading)
    interference: Interference = field(default_factory=Interference)
    impulses: Impulses = field(default_factory=Impulses)

    def __post_init__(self) -> None:
        check_settings(self, RecipeError)
        _check_bits(self.quantiser_bits)

    @property
    def snr_db(self) -> tuple[float, ...]:
        return parse_snr_grid(self.snr)

    @property
    def settings(self) -> dict[str, Setting]:
        """Every effect that is not none, by its name in a data set."""
        found = {item.name: getattr(self, item.name) for item in _effects(Channel)}
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


def _check_bits(given: Setting) -> None:
    """Refuse a fraction of a bit."""
    ends = given if isinstance(given, tuple) else (given,)
    if any(isinstance(end, int | float) and end != round(end) for end in ends):
        raise RecipeError(
            f"{_BITS} must be whole, got {' to '.join(f'{end:g}' for end in dict.fromkeys(ends))}"
        )
