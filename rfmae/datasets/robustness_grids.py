"""The impairments of the robustness measurement and their grids of values."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rfmae.datasets.recipe import Recipe
from rfmae.records import ComplexArray, IqBatch, Units
from rfmae.signal.channel import phasors, times
from rfmae.signal.impairments import Fading
from rfmae.signal.interpolation import interpolate
from rfmae.signal.link import Link
from rfmae.signal.mismatch import Mismatch
from rfmae.signal.receiver import unit_power
from rfmae.units import db_to_ratio, ratio_to_db

DOPPLER_TURNS_PER_SYMBOL = 0.001
"""Of the fading grid: a fade or so in a thousand symbols."""

DEGREES_PER_DB = 5.0
"""Of the I/Q imbalance: gain and phase errors grow together."""

_ROLLOFFS = (0.1, 0.2, 0.35, 0.5, 0.7, 1.0)
_FEWEST_SYMBOLS = 16
_SYMBOLS = (128.0, 256.0, 512.0, 1024.0)
_CARRIER_OFFSETS = (0.0, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 5e-2)
_RATE_RATIOS = (1.0, 0.99, 1.01, 0.98, 1.02, 0.95, 1.05, 0.9, 1.1)


@dataclass(frozen=True, slots=True)
class LinkGrid:
    """An impairment of the link: examples are synthesised for each of its values.

    `values` are those of a recipe, that of training first and then ever farther from it; empty
    where there is nothing to vary. `changed` applies a value to the link.
    """

    what: str
    unit: str
    values: Callable[[Recipe], tuple[float, ...]]
    changed: Callable[[Link, float], Link]


@dataclass(frozen=True, slots=True)
class StoredGrid:
    """A change of stored examples, in any data set, or in those of waveforms alone.

    `values` are for examples of so many symbols. `changed` changes the I/Q of a batch of a data
    set with amplitudes in these units.
    """

    what: str
    unit: str
    values: Callable[[float], tuple[float, ...]]
    changed: Callable[[IqBatch, float, Units], ComplexArray]
    of_waveforms: bool = False


def _same(*values: float) -> Callable[[Recipe], tuple[float, ...]]:
    """The same values for every recipe."""
    return lambda _: values


def _offsets(*names: str, each: Sequence[float] = (1.0,)) -> Callable[[Link, float], Link]:
    """A value, times a factor for each effect, added to the sampled one."""

    def changed(link: Link, value: float) -> Link:
        offsets = {name: value * factor for name, factor in zip(names, each, strict=True)}
        return replace(link, mismatch=Mismatch(offsets)) if value else link

    return changed


def _rolloffs(recipe: Recipe) -> tuple[float, ...]:
    """Roll-offs of the transmitter, by their distance from the receiver's."""
    pulse, rate = recipe.source.pulse, float(recipe.link.rate)
    if pulse.shape not in ("rrc", "rc"):
        return ()
    others = [rolloff for rolloff in _ROLLOFFS if rolloff != pulse.rolloff and 1 + rolloff <= rate]
    return (pulse.rolloff, *sorted(others, key=lambda rolloff: abs(rolloff - pulse.rolloff)))


def _sent_with(link: Link, rolloff: float) -> Link:
    return replace(link, mismatch=Mismatch(sent_rolloff=rolloff))


def _fadings(recipe: Recipe) -> tuple[float, ...]:
    """Scattered shares of the power; empty where training has fading already."""
    own = recipe.source.channel.fading.kind
    return (0.0, 0.01, 0.03, 0.1, 0.2, 0.5, 1.0) if own == "none" else ()


def _faded(link: Link, scattered: float) -> Link:
    """Rician fading of K = (1 − scattered)/scattered; where all is scattered it is Rayleigh.

    The line of sight has a random phase.
    """
    if scattered == 0:
        return link
    fading = Fading("rayleigh", doppler_turns_per_symbol=DOPPLER_TURNS_PER_SYMBOL)
    if scattered < 1:
        k_factor_db = float(ratio_to_db((1 - scattered) / scattered))
        fading = replace(fading, kind="rician", k_factor_db=k_factor_db)
    return replace(link, channel=replace(link.channel, fading=fading))


def _lengths(recipe: Recipe) -> tuple[float, ...]:
    """Numbers of symbols, by their ratio to that of the recipe."""
    own = float(recipe.source.symbols_per_example)
    others = [symbols for symbols in _SYMBOLS if symbols != own]
    return (own, *sorted(others, key=lambda symbols: max(symbols / own, own / symbols)))


def _of_length(link: Link, symbols: float) -> Link:
    return replace(link, symbols_per_example=int(symbols))


LINK_GRIDS: dict[str, LinkGrid] = {
    "carrier-offset": LinkGrid(
        "carrier offset that the receiver does not know",
        "turns per symbol",
        _same(*_CARRIER_OFFSETS),
        _offsets("carrier_offset_turns_per_symbol"),
    ),
    "timing": LinkGrid(
        "timing offset that the receiver does not know",
        "symbols",
        _same(0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5),
        _offsets("timing_offset_symbols"),
    ),
    "rolloff": LinkGrid(
        "roll-off of the transmitter, the receiver's filter as it was", "", _rolloffs, _sent_with
    ),
    "symbol-rate": LinkGrid(
        "error of the symbol rate",
        "ppm",
        _same(0.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0),
        _offsets("clock_offset_ppm"),
    ),
    "fading": LinkGrid(
        "fading: scattered power over all power, 1 is Rayleigh", "share", _fadings, _faded
    ),
    "iq-imbalance": LinkGrid(
        "gain of I over Q, with five degrees of phase for each dB",
        "dB",
        _same(0.0, 0.5, 1.0, 2.0, 3.0, 6.0),
        _offsets("iq_gain_imbalance_db", "iq_phase_imbalance_degrees", each=(1.0, DEGREES_PER_DB)),
    ),
    "phase-noise": LinkGrid(
        "linewidth of the carrier",
        "turns per symbol",
        _same(0.0, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2),
        _offsets("linewidth_turns_per_symbol"),
    ),
    "length": LinkGrid("length of an example", "symbols", _lengths, _of_length),
}
"""Grids of synthetic recipes, by name."""


def _amplified(batch: IqBatch, gain_db: float, units: Units) -> ComplexArray:
    return (batch.iq * math.sqrt(db_to_ratio(gain_db))).astype(batch.iq.dtype)


def _halvings(symbols: float) -> tuple[float, ...]:
    """A number of symbols, its half, and so on."""
    values = [symbols]
    while values[-1] / 2 >= _FEWEST_SYMBOLS:
        values.append(values[-1] / 2)
    return tuple(values)


def _shortened(batch: IqBatch, symbols: float, units: Units) -> ComplexArray:
    """The first symbols, at unit power where gain is controlled."""
    samples = int(symbols * batch.samples_per_symbol)
    if samples >= batch.iq.shape[1]:
        return batch.iq
    cut = batch.iq[:, :samples]
    return cut if units == "absolute" else unit_power(cut)


def _shifted(batch: IqBatch, turns_per_symbol: float, units: Units) -> ComplexArray:
    """The carrier at another frequency, its phase at the first sample as it was."""
    turns = turns_per_symbol / batch.samples_per_symbol * np.arange(batch.iq.shape[1])
    return times(batch.iq, phasors(turns)[None]) if turns_per_symbol else batch.iq


def _resampled(batch: IqBatch, ratio: float, units: Units) -> ComplexArray:
    """Every `ratio`-th instant of a waveform, as many as it has, by a windowed sinc.

    So a symbol has 1/ratio times the samples. Above 1 nothing is filtered first: noise of the
    whole band is folded, by 0.4 dB at most.
    """
    if ratio == 1:
        return batch.iq
    samples = batch.iq.shape[1]
    instants = ratio * np.arange(min(samples, int((samples - 1) / ratio) + 1))
    return interpolate(batch.iq, np.broadcast_to(instants, (len(batch), len(instants))))


STORED_GRIDS: dict[str, StoredGrid] = {
    "carrier-offset": StoredGrid(
        "carrier offset of stored examples",
        "turns per symbol",
        lambda _: _CARRIER_OFFSETS,
        _shifted,
    ),
    "sample-rate": StoredGrid(
        "sampling interval over that of the data set",
        "",
        lambda _: _RATE_RATIOS,
        _resampled,
        of_waveforms=True,
    ),
    "gain": StoredGrid(
        "gain after the receiver", "dB", lambda _: (0.0, -10.0, 10.0, -20.0, 20.0), _amplified
    ),
    "symbols": StoredGrid("number of symbols", "symbols", _halvings, _shortened),
}
"""Grids of any data set, by name; a grid of the same name over the link is preferred."""
