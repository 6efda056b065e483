"""The receiver: timing, matched filter, carrier and phase correction, gain."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from scipy.fft import next_fast_len

from rfmae.configuration.declared import check_settings, setting
from rfmae.errors import RecipeError
from rfmae.records import ComplexArray, FloatArray, View
from rfmae.signal.channel import offset_carrier, phasors, rotate, times
from rfmae.signal.impairments import Drawn
from rfmae.signal.interpolation import delay, drift
from rfmae.signal.polyphase import guard_of, match_valid
from rfmae.signal.pulses import Pulse, pulse_taps
from rfmae.signal.recovery import (
    mth_power_carrier_offset,
    mth_power_phase,
    oerder_meyr,
    viterbi_viterbi,
)
from rfmae.units import whole_ratio

_VITERBI_WINDOW_SYMBOLS = 63


@dataclass(frozen=True, slots=True)
class Receiver:
    """What is observed, and which parameters the receiver knows or estimates.

    `known` corrects the true value, `none` leaves it in; the estimators do not know the class:
    `power` is the M of every M-th power. A waveform is as `received`, or `filtered` by the matched
    filter at its timing and carrier, so that symbol k is sample k·samples_per_symbol.
    """

    observe: Literal["symbols", "waveform", "both"] = setting("symbols", "What is observed.")
    waveform: Literal["received", "filtered"] = setting(
        "received", "A waveform as received, or behind the matched filter."
    )
    timing: Literal["known", "none", "oerder-meyr"] = setting("known", "How timing is corrected.")
    carrier: Literal["known", "none", "mth-power"] = setting(
        "known", "How the carrier offset is corrected."
    )
    phase: Literal["none", "known", "mth-power", "viterbi-viterbi"] = setting(
        "none", "How the carrier phase is corrected."
    )
    power: int = setting(4, "M of estimators of the M-th power.", least=1, most=16)

    def __post_init__(self) -> None:
        check_settings(self, RecipeError)

    @property
    def filters(self) -> bool:
        """Whether anything that is observed has passed the matched filter."""
        return self.observe != "waveform" or self.waveform == "filtered"

    @property
    def views(self) -> tuple[View, ...]:
        return ("symbols", "waveform") if self.observe == "both" else (self.observe,)


@dataclass(frozen=True, slots=True)
class Corrections:
    """Corrections of the waveform before the matched filter, each (N,) or one number."""

    timing_offset_symbols: FloatArray | float
    clock_offset_ppm: FloatArray | float
    carrier_offset_turns_per_symbol: FloatArray | float


def matched_filter(
    waveform: ComplexArray, pulse: Pulse, samples_per_symbol: float | Fraction
) -> ComplexArray:
    """Symbols (..., K) at the symbol instants of waveform (..., ⌊K·samples_per_symbol⌋).

    With a pulse that is orthogonal to its shifts the outputs of a linear modulation are its
    symbols, and white noise of power σ² per sample becomes noise of power σ²/samples_per_symbol, or
    slightly more where rectangular symbols of a fractional rate differ in their number of samples.
    The first and last symbols lack samples outside of the waveform (Proakis, ch. 4).
    """
    rate = whole_ratio(samples_per_symbol)
    pulse.check_rate(rate)
    guard = guard_of(pulse.reach_symbols, rate)
    rows = waveform.reshape(-1, waveform.shape[-1])
    before = np.zeros((len(rows), int(guard * rate)), np.complex64)
    count = -(-waveform.shape[-1] * rate.denominator // rate.numerator)
    symbols = match_valid(np.hstack([before, rows]), pulse, rate, guard, count)
    return symbols.reshape(*waveform.shape[:-1], count)


def corrections(
    waveform: ComplexArray, pulse: Pulse, rate: Fraction, receiver: Receiver, sampled: Drawn
) -> Corrections:
    """The known or estimated corrections of each waveform (N, T)."""
    known_timing = receiver.timing == "known"
    timing = sampled.get("timing_offset_symbols", 0.0) if known_timing else 0.0
    clock = sampled.get("clock_offset_ppm", 0.0) if known_timing else 0.0
    known_carrier = receiver.carrier == "known"
    carrier = sampled.get("carrier_offset_turns_per_symbol", 0.0) if known_carrier else 0.0
    if receiver.timing == "oerder-meyr":
        timing = oerder_meyr(filtered(waveform, pulse_taps(pulse, rate)), float(rate))
    return Corrections(timing, clock, carrier)


def filtered(waveform: ComplexArray, taps: FloatArray) -> ComplexArray:
    """Each waveform (N, T) through symmetric taps, an odd number of them, without their delay."""
    samples = waveform.shape[1]
    period = next_fast_len(samples + len(taps) - 1)
    # numpy transforms row by row, so that a row's bits do not depend on the others
    response, spectra = np.fft.fft(taps, period), np.fft.fft(waveform, period, axis=1)
    full = np.fft.ifft(spectra * response, axis=1)
    return full[:, len(taps) // 2 : len(taps) // 2 + samples].astype(np.complex64, copy=False)


def correct_waveform(
    waveform: ComplexArray, found: Corrections, rate: Fraction, first_sample: int
) -> ComplexArray:
    """Correct timing, clock and a known carrier offset; time counts from `first_sample`."""
    if np.any(found.carrier_offset_turns_per_symbol):
        turns = np.asarray(found.carrier_offset_turns_per_symbol) / float(rate)
        waveform = rotate(offset_carrier(waveform, -turns), turns * first_sample)
    if np.any(found.clock_offset_ppm):
        # the inverse: x(t(1 + ε)) at t/(1 + ε)
        ratio = 1 + np.asarray(found.clock_offset_ppm) * 1e-6
        waveform = drift(waveform, (1 / ratio - 1) * 1e6, first_sample)
    if np.any(found.timing_offset_symbols):
        waveform = delay(waveform, -np.asarray(found.timing_offset_symbols) * float(rate))
    return waveform


def symbol_carrier(symbols: ComplexArray, receiver: Receiver) -> FloatArray:
    """Carrier phase (N, K) in turns, estimated from symbols (N, K)."""
    turns = np.zeros(symbols.shape)
    if receiver.carrier == "mth-power":
        offset = mth_power_carrier_offset(symbols, receiver.power)
        turns += offset[:, None] * np.arange(symbols.shape[1])
    if receiver.phase == "mth-power":
        turns += mth_power_phase(times(symbols, phasors(-turns)), receiver.power)[:, None]
    if receiver.phase == "viterbi-viterbi":
        turns += viterbi_viterbi(
            times(symbols, phasors(-turns)), receiver.power, _VITERBI_WINDOW_SYMBOLS
        )
    return turns


def unit_power(iq: ComplexArray) -> ComplexArray:
    """Scale each example (..., T) to unit mean power; one without any power is unchanged."""
    floats = np.ascontiguousarray(iq, np.complex64).view(np.float32)
    power = np.einsum("...t,...t->...", floats, floats, dtype=np.float32) / iq.shape[-1]
    gain = 1 / np.sqrt(np.where(power > 0, power, np.float32(1)))
    scaled: ComplexArray = (floats * gain[..., None]).view(np.complex64)
    return scaled
