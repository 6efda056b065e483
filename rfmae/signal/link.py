"""A simulated link from transmitter over channel to receiver: observed I/Q and its clean twin."""

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from rfmae.records import ComplexArray, View
from rfmae.signal.channel import (
    PerExample,
    impulsive_noise,
    interfere,
    offset_carrier,
    phase_noise,
    phasors,
    rotate,
    times,
    white_noise,
)
from rfmae.signal.fading import multipath
from rfmae.signal.hardware import add_dc, clip, iq_imbalance, quantise
from rfmae.signal.impairments import Channel, Drawn, Streams, draw
from rfmae.signal.interpolation import HALF_TAPS, delay, drift
from rfmae.signal.mismatch import Mismatch
from rfmae.signal.modulations import Modulation, find_modulation
from rfmae.signal.polyphase import guard_of, match_valid
from rfmae.signal.pulses import Pulse, pulse_taps
from rfmae.signal.receiver import (
    Receiver,
    correct_waveform,
    corrections,
    filtered,
    symbol_carrier,
    unit_power,
)
from rfmae.signal.transmitter import transmit
from rfmae.units import db_to_ratio, noise_power_per_sample, whole_ratio

_FULL_SCALE_RMS = 4.0  # a converter's range, in units of the rms of what it converts


@dataclass(frozen=True, slots=True)
class Link:
    """The settings that every example of a data set shares."""

    symbols_per_example: int
    samples_per_symbol: float
    channel: Channel
    pulse: Pulse = field(default_factory=Pulse)
    receiver: Receiver = field(default_factory=Receiver)
    mismatch: Mismatch = field(default_factory=Mismatch)

    @property
    def sent_pulse(self) -> Pulse:
        """The transmitter's pulse; the receiver's filter is matched to `pulse`."""
        rolloff = self.mismatch.sent_rolloff
        return self.pulse if rolloff is None else replace(self.pulse, rolloff=rolloff)

    @property
    def rate(self) -> Fraction:
        """Samples per symbol, exactly."""
        return whole_ratio(self.samples_per_symbol)

    def samples(self, view: View) -> int:
        """Length of an example: in symbols, or in samples of the waveform."""
        if view == "symbols":
            return self.symbols_per_example
        return int(self.symbols_per_example * self.rate)

    @property
    def guard_symbols(self) -> int:
        """Symbols transmitted before and after an example, so that its edges have neighbours."""
        channel, reach = self.channel, 0.0
        if self.receiver.filters:
            reach += self.pulse.reach_symbols
        moved = self.receiver.timing == "oerder-meyr" or {
            "timing_offset_symbols",
            "clock_offset_ppm",
        } & {*channel.settings, *self.mismatch.offsets}
        if moved:  # by the channel and back
            reach += 2 * (1 + HALF_TAPS / float(self.rate))
            ends = channel.settings.get("clock_offset_ppm", 0.0)
            largest = max(map(abs, ends)) if isinstance(ends, tuple) else abs(float(ends))
            largest += abs(self.mismatch.offsets.get("clock_offset_ppm", 0.0))
            reach += 2 * largest * 1e-6 * self.symbols_per_example
        if max(channel.fading.delays_symbols) > 0:
            reach += max(channel.fading.delays_symbols) + HALF_TAPS / float(self.rate)
        least = self.mismatch.least_guard_symbols
        return guard_of(max(math.ceil(reach), least), self.rate)


@dataclass(frozen=True, slots=True)
class Observation:
    """Each view of some examples, observed and clean (N, T), and their random channel effects."""

    views: dict[View, tuple[ComplexArray, ComplexArray]]
    sampled: Drawn


def observe(
    modulation: Modulation, snr_db: float, link: Link, count: int, streams: Streams
) -> Observation:
    """`count` examples of a modulation at an SNR.

    The clean twin was sent with the same bits over the same path (carrier, timing, fading) to the
    same receiver, without noise, impulses and interference and without that receiver's hardware
    defects. With equal seeds the first examples are the same for any count.
    """
    sampled = draw(link.channel, count, streams)
    happened = link.mismatch.happened(sampled, count)  # the receiver knows the drawn values alone
    clean = propagate(_sent(modulation, link, count, streams), link, happened, streams)
    noise_power: PerExample = noise_power_per_sample(
        snr_db,
        link.channel.snr_reference,
        float(link.rate),
        modulation.bits_per_interval,
    )
    if "snr_offset_db" in sampled:
        noise_power = noise_power * db_to_ratio(-sampled["snr_offset_db"])
    observed = disturb(clean, noise_power, link, happened, streams)
    views: dict[View, tuple[ComplexArray, ComplexArray]] = {}
    in_step = (observed, clean)
    if link.receiver.filters:
        in_step = synchronised(observed, clean, link, sampled)
    if "symbols" in link.receiver.views:
        views["symbols"] = receive(*in_step, link, sampled)
    if "waveform" in link.receiver.views:
        received, sent = observed, clean
        if link.receiver.waveform == "filtered":
            taps = pulse_taps(link.pulse, link.rate)
            received, sent = (filtered(waveform, taps) for waveform in in_step)
        views["waveform"] = (_inside(received, link), _inside(sent, link))
    return Observation(views, sampled)


def propagate(waveform: ComplexArray, link: Link, sampled: Drawn, streams: Streams) -> ComplexArray:
    """The path from the transmitter's pulse to the antenna: fading, clocks, carrier."""
    rate, first = float(link.rate), _first_sample(link)
    if link.channel.fading.kind != "none":
        fading = link.channel.fading
        waveform = multipath(
            waveform,
            np.array(fading.delays_symbols) * rate,
            np.array(fading.powers_db),
            sampled["doppler_turns_per_symbol"] / rate,
            streams("fading"),
            k_factor_db=sampled.get("k_factor_db", -math.inf),
        )
    if "timing_offset_symbols" in sampled:
        waveform = delay(waveform, sampled["timing_offset_symbols"] * rate)
    if "clock_offset_ppm" in sampled:
        waveform = drift(waveform, sampled["clock_offset_ppm"], first)
    if "carrier_offset_turns_per_symbol" in sampled:
        turns = sampled["carrier_offset_turns_per_symbol"] / rate
        waveform = rotate(offset_carrier(waveform, turns), -turns * first)
    if "phase_offset_turns" in sampled:
        waveform = rotate(waveform, sampled["phase_offset_turns"])
    if "linewidth_turns_per_symbol" in sampled:
        linewidth = sampled["linewidth_turns_per_symbol"] / rate
        waveform = phase_noise(waveform, linewidth, streams("phase noise"))
    return waveform


def disturb(
    waveform: ComplexArray, noise_power: PerExample, link: Link, sampled: Drawn, streams: Streams
) -> ComplexArray:
    """Noise, interference and the impairments of the receiver's hardware."""
    noisy = white_noise(waveform.shape, noise_power, streams("noise"))
    noisy += waveform
    if "carrier_to_interference_db" in sampled:
        interferer = _interferer(waveform.shape, link, sampled, streams)
        noisy = interfere(noisy, interferer, sampled["carrier_to_interference_db"])
    if "impulse_probability" in sampled:
        noisy += impulsive_noise(
            waveform.shape,
            noise_power,
            sampled["impulse_probability"],
            sampled["impulse_ratio_db"],
            streams("impulses"),
        )
    if {"iq_gain_imbalance_db", "iq_phase_imbalance_degrees"} & {*sampled}:
        gain_db = sampled.get("iq_gain_imbalance_db", 0.0)
        noisy = iq_imbalance(noisy, gain_db, sampled.get("iq_phase_imbalance_degrees", 0.0))
    if "dc_offset_rms" in sampled:
        noisy = add_dc(noisy, sampled["dc_offset_rms"], sampled["dc_angle_turns"])
    if "clip_level_rms" in sampled:
        noisy = clip(noisy, sampled["clip_level_rms"])
    if "quantiser_bits" in sampled:
        noisy = quantise(noisy, sampled["quantiser_bits"], _FULL_SCALE_RMS)
    return noisy


def synchronised(
    observed: ComplexArray, clean: ComplexArray, link: Link, sampled: Drawn
) -> tuple[ComplexArray, ComplexArray]:
    """Waveforms (N, T) at the receiver's timing, clock and known carrier.

    The clean twin is corrected by the estimates from the observed waveform.
    """
    found = corrections(observed, link.pulse, link.rate, link.receiver, sampled)
    first = _first_sample(link)
    return (
        correct_waveform(observed, found, link.rate, first),
        correct_waveform(clean, found, link.rate, first),
    )


def receive(
    observed: ComplexArray, clean: ComplexArray, link: Link, sampled: Drawn
) -> tuple[ComplexArray, ComplexArray]:
    """Symbols (N, K) of unit mean power, observed and clean, of synchronised waveforms.

    All modulations have the same filter and estimators, as the receiver does not know the class.
    The clean twin is corrected by the estimates from the observed symbols.
    """
    received, sent = (
        match_valid(waveform, link.pulse, link.rate, link.guard_symbols, link.symbols_per_example)
        for waveform in (observed, clean)
    )
    receiver = link.receiver
    if receiver.carrier == "mth-power" or receiver.phase in ("mth-power", "viterbi-viterbi"):
        back = phasors(-symbol_carrier(received, receiver))
        received, sent = times(received, back), times(sent, back)
    if receiver.phase == "known" and "phase_offset_turns" in sampled:
        received, sent = (rotate(iq, -sampled["phase_offset_turns"]) for iq in (received, sent))
    return unit_power(received), unit_power(sent)


def _sent(modulation: Modulation, link: Link, count: int, streams: Streams) -> ComplexArray:
    return transmit(modulation, link.sent_pulse, link.rate, _total_samples(link), count, streams)


def _interferer(
    shape: tuple[int, ...], link: Link, sampled: Drawn, streams: Streams
) -> ComplexArray:
    """Another transmitter with its own bits, timing and carrier."""

    def own(purpose: str) -> np.random.Generator:
        return streams(f"interferer {purpose}")

    modulation, rate = find_modulation(link.channel.interference.modulation), float(link.rate)
    margin = math.ceil(HALF_TAPS + rate)
    waveform = transmit(modulation, link.pulse, link.rate, shape[1] + 2 * margin, shape[0], own)
    waveform = delay(waveform, (own("timing").random(shape[0]) - 0.5) * rate)
    turns = sampled["interferer_offset_turns_per_symbol"] / rate
    waveform = rotate(offset_carrier(waveform, turns), own("phase").random(shape[0]))
    return waveform[:, margin : margin + shape[1]]


def _first_sample(link: Link) -> int:
    """The first sample of an example in its waveform."""
    return int(link.guard_symbols * link.rate)


def _total_samples(link: Link) -> int:
    return 2 * _first_sample(link) + link.samples("waveform")


def _inside(waveform: ComplexArray, link: Link) -> ComplexArray:
    first = _first_sample(link)
    return unit_power(waveform[:, first : first + link.samples("waveform")])
