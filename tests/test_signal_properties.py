"""Laws that hold over whole families: every modulation, pulse, SNR reference and rate."""

import math
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
import torch
from pulse_shaping import shape_symbols

from rfmae.imaging.render import constellation_images
from rfmae.records import ImageConfig
from rfmae.signal.bits import bits_to_indices, indices_to_bits, random_bits
from rfmae.signal.cpm import detect_indices, modulate_phase
from rfmae.signal.impairments import Channel
from rfmae.signal.interpolation import delay
from rfmae.signal.linear import decide_indices, map_symbols
from rfmae.signal.link import Link, observe
from rfmae.signal.modulations import MODULATIONS, identical_classes, nearest_indices
from rfmae.signal.ofdm import demodulate_subcarriers, modulate_subcarriers
from rfmae.signal.pulses import Pulse
from rfmae.signal.receiver import Receiver, matched_filter
from rfmae.signal.transmitter import transmit
from rfmae.units import whole_ratio

RATES = [1, 2, 4, 8, 2.5, 250 / 81]
PULSES = [
    *(Pulse("rrc"), Pulse("rrc", 0.1, 32), Pulse("rectangular"), Pulse("half-sine")),
    *(Pulse("rc"), Pulse("gaussian", bt=0.3)),
]
REFERENCES = ("symbol", "bit", "sample")

AUDIBLE = [row for row in MODULATIONS.values() if row.name != "NOISE"]
DIGITAL = [row for row in AUDIBLE if row.is_digital]
POINTED = [row for row in AUDIBLE if row.points]
LINEAR = [row for row in POINTED if row.family != "ofdm"]
SYMBOL_SPACED = [row for row in LINEAR if row.family != "offset"]

every_pointed_modulation = pytest.mark.parametrize("modulation", POINTED, ids=str)
every_symbol_spaced_modulation = pytest.mark.parametrize("modulation", SYMBOL_SPACED, ids=str)


def fits(modulation, rate, pulse=None):
    """Whether a modulation can be sent at such a rate at all."""
    if whole_ratio(rate) < modulation.least_samples_per_symbol:
        return False
    if modulation.family == "ofdm":  # blocks are whole numbers of samples
        return (16 * whole_ratio(rate)).denominator == 1
    band_limited = pulse is not None and modulation in LINEAR and pulse.shape == "rrc"
    return not band_limited or rate >= 1 + pulse.rolloff


def cases(rows, rates=RATES):
    """Every modulation at every rate that it can be sent at."""
    pairs = [(row, rate) for row in rows for rate in rates if fits(row, rate)]
    return pytest.mark.parametrize(
        ("modulation", "rate"), pairs, ids=[f"{row}-{rate:.3g}" for row, rate in pairs]
    )


def suitable(rate):
    """A pulse whose spectrum does not fold at a rate."""
    return Pulse() if rate > 1 else Pulse("rectangular")


def mean_power(iq):
    return np.mean(np.abs(iq.astype(np.complex128)) ** 2)


def in_db(ratio):
    return 10 * math.log10(ratio)


# --- power


@every_pointed_modulation
def test_every_alphabet_has_unit_power(modulation):
    assert len(modulation.alphabet) == modulation.order
    assert mean_power(modulation.alphabet) == pytest.approx(1.0, abs=1e-6)  # float32


@cases(AUDIBLE)
def test_every_waveform_has_unit_power(modulation, rate, streams):
    for pulse in PULSES if modulation in LINEAR else PULSES[:1]:
        if fits(modulation, rate, pulse):
            assert_unit_power(modulation, rate, pulse, streams)


def assert_unit_power(modulation, rate, pulse, streams):
    # 81 symbols are a whole number of periods of every rate
    samples = int(81 * whole_ratio(rate))
    waveform = transmit(modulation, pulse, whole_ratio(rate), samples, 200, streams)
    powers = np.mean(np.abs(waveform) ** 2, axis=1)
    width = float(powers.std()) / math.sqrt(200)
    assert powers.mean() == pytest.approx(1.0, abs=4 * width + 1e-3), pulse  # four widths


# --- bits


@cases([row for row in DIGITAL if row.family == "phase"], [1, 2, 4, 8, 16])
def test_bits_survive_a_quiet_continuous_phase(modulation, rate, rng):
    bits = random_bits(600 * modulation.bits_per_symbol, rng)
    indices = bits_to_indices(bits[None], modulation.bits_per_symbol)
    waveform = modulate_phase(indices, modulation, rate)
    decided = detect_indices(waveform, modulation, rate)
    assert decided.shape == (1, 599)  # nothing shows where the last symbol ends
    sent = bits[: -modulation.bits_per_symbol]
    assert np.array_equal(indices_to_bits(decided, modulation.bits_per_symbol)[0], sent)


@pytest.mark.parametrize("rate", [2, 4, 8, 2.5, 250 / 81], ids="{:.3g}".format)
@pytest.mark.parametrize("modulation", LINEAR, ids=str)
def test_bits_survive_a_quiet_linear_link(modulation, rate, rng):
    guard, pulse = 12, Pulse()
    bits = random_bits(648 * modulation.bits_per_symbol, rng)
    indices = bits_to_indices(bits[None], modulation.bits_per_symbol)
    offset = modulation.family == "offset"
    waveform = shape_symbols(map_symbols(indices, modulation), pulse, rate, offset=offset)
    received = matched_filter(waveform, pulse, rate)
    if offset:
        early = delay(waveform, -rate / 2)  # Q is half a symbol late
        received = received.real + 1j * matched_filter(early, pulse, rate).imag
    decided = decide_indices(received, modulation)
    inner = slice(guard, -guard)  # the ends lack their neighbours, or a part of their own pulse
    assert np.array_equal(decided[:, inner], indices[:, inner])
    sent = bits.reshape(-1, modulation.bits_per_symbol)[inner].ravel()
    assert np.array_equal(indices_to_bits(decided[0, inner], modulation.bits_per_symbol), sent)


@pytest.mark.parametrize("rate", [1, 2, 4, 2.5])
@pytest.mark.parametrize("modulation", [r for r in POINTED if r.family == "ofdm"], ids=str)
def test_bits_survive_quiet_sub_carriers(modulation, rate, rng):
    settings = modulation.settings
    shape = settings.active, settings.fft_size, settings.cyclic_prefix
    bits = random_bits(2 * 7 * settings.active * modulation.bits_per_symbol, rng)
    indices = bits_to_indices(bits, modulation.bits_per_symbol).reshape(2, 7, settings.active)
    waveform = modulate_subcarriers(modulation.alphabet[indices], *shape[1:], rate)
    received = demodulate_subcarriers(waveform, *shape, rate)
    decided = nearest_indices(received, modulation.alphabet)
    assert np.array_equal(indices_to_bits(decided.ravel(), modulation.bits_per_symbol), bits)


GRAY = [row for row in POINTED if row.name not in ("32QAM", "128QAM", "32APSK", "128APSK")]


@pytest.mark.parametrize("modulation", GRAY, ids=str)
def test_nearest_neighbours_differ_in_one_bit(modulation):
    """Save on crosses and on rings of 32 and 128, where that cannot be."""
    points = modulation.alphabet.astype(complex)
    bits = indices_to_bits(np.arange(modulation.order), modulation.bits_per_symbol)
    bits = bits.reshape(modulation.order, -1).astype(int)
    apart = np.abs(points[:, None] - points[None, :])
    closest = apart[apart > 1e-6].min()
    neighbours = np.argwhere(np.abs(apart - closest) < 1e-5)  # float32
    assert len(neighbours) >= 2
    for one, other in neighbours:
        assert np.abs(bits[one] - bits[other]).sum() == 1


# --- identity


def signal_model_of(modulation):
    """What a receiver that knows neither scale nor carrier phase could observe of i.i.d. bits."""
    if modulation.family in ("phase", "analog", "noise"):
        return modulation.family, modulation.order, modulation.settings
    points = modulation.alphabet.astype(complex)
    if modulation.family == "differential":
        return law_of_steps(np.angle(points) / (2 * np.pi))
    if modulation.family == "rotating":
        return turning(points, modulation.turn_per_symbol)
    return modulation.family, canonical(points), getattr(modulation.settings, "fft_size", 0)


def law_of_steps(turns):
    """Steps over a whole group make independent symbols, whatever turn they have in common."""
    order = len(turns)
    states = np.exp(2j * np.pi * np.arange(order) / order)
    assert np.allclose((turns - turns[0]) * order, np.rint((turns - turns[0]) * order), atol=1e-4)
    return turning(states, turns[0])


def turning(points, turn):
    """A turning alphabet is a still one where the turn maps it onto itself."""
    turned = np.abs(points[:, None] * np.exp(2j * np.pi * turn) - points).min(axis=1)
    if turned.max() < 1e-4:
        return "memoryless", canonical(points), 0
    return "rotating", canonical(points), round(turn % (1 / len(points)), 6)


def canonical(points):
    """The alphabet turned so that it reads the same whatever its carrier phase and scale."""
    points = points / np.sqrt(mean_power(points))
    turned = [points * abs(anchor) / anchor for anchor in points if abs(anchor) > 1e-6]
    rounded = [np.round(np.stack([p.real, p.imag], -1), 3) + 0.0 for p in turned]
    return min(tuple(sorted(map(tuple, pairs.tolist()))) for pairs in rounded)


def test_no_two_modulations_have_the_same_distribution_unless_the_table_says_so():
    laws = {name: signal_model_of(row) for name, row in MODULATIONS.items()}
    alike = {pair for pair in combinations(MODULATIONS, 2) if laws[pair[0]] == laws[pair[1]]}
    groups = identical_classes(MODULATIONS.values())
    declared = {pair for group in groups for pair in combinations(group, 2)}
    assert alike == declared
    assert declared == {
        ("BPSK", "DBPSK"),
        ("QPSK", "DQPSK"),
        ("8PSK", "D8PSK"),
        ("MSK", "CPFSK"),
    }


@pytest.mark.parametrize("modulation", [row for row in LINEAR if row.sends_same_signal_as], ids=str)
def test_a_twin_of_another_distribution_sends_independent_symbols(modulation, rng):
    order = modulation.order
    indices = rng.integers(order, size=40_000)
    turns = np.angle(map_symbols(indices, modulation)) / (2 * np.pi) * order
    states = np.rint(turns).astype(int) % order
    pairs = np.bincount(states[:-1] * order + states[1:], minlength=order**2)
    expected = len(indices) / order**2
    assert np.abs(pairs - expected).max() < 4 * math.sqrt(expected)  # four Poisson widths


# --- SNR: beside the noise of 60 000 samples, four widths of which are 0.07 dB


def measured_snr_db(modulation, rate, reference, requested_db, streams):
    """Unit power in the ensemble over the noise that `observe` adds, from its normalised views."""
    symbols, count = 512, math.ceil(60_000 / (512 * rate))
    channel = Channel(snr="0", snr_reference=reference)
    link = Link(symbols, rate, channel, suitable(rate), Receiver(observe="waveform"))
    observed, clean = observe(modulation, requested_db, link, count, streams).views["waveform"]
    total = 2 * int(link.guard_symbols * link.rate) + link.samples("waveform")
    assert link.guard_symbols == 0
    sent = transmit(modulation, link.pulse, link.rate, total, count, streams)
    signal = np.mean(np.abs(sent) ** 2, axis=1)  # of each example, before its gain was set
    noise = signal / np.array([projected(*row) for row in zip(observed, clean, strict=True)])
    return in_db(1 / noise.mean())


def projected(observed, clean):
    """SNR of what is seen, by its projection on the clean twin, blind to any gain."""
    observed, clean = observed.astype(np.complex128), clean.astype(np.complex128)
    across = np.abs(np.vdot(clean, observed)) ** 2
    likeness = across / (np.vdot(observed, observed) * np.vdot(clean, clean)).real
    return likeness / (1 - likeness)


def expected_snr_db(modulation, rate, reference, requested_db):
    """SNR per sample of Es/N0 or Eb/N0 (Proakis, ch. 4)."""
    if reference == "sample":
        return requested_db
    bits = modulation.bits_per_interval if reference == "bit" else 1
    return requested_db + in_db(bits / rate)


@pytest.mark.parametrize("reference", REFERENCES)
@cases(AUDIBLE)
def test_requested_snr_is_measured_of_every_class(modulation, rate, reference, streams):
    if reference == "bit" and not modulation.is_digital:
        return
    measured = measured_snr_db(modulation, rate, reference, 15.0, streams)
    expected = expected_snr_db(modulation, rate, reference, 15.0)
    assert measured == pytest.approx(expected, abs=0.1)


MESSAGES = [row for row in AUDIBLE if row.family == "analog"]


@pytest.mark.parametrize("modulation", MESSAGES, ids=str)
def test_the_power_of_messages_is_one_within_a_tenth_of_a_decibel(modulation, streams):
    # one number of a loud or a soft moment has a width of 1.8: many short frames are needed
    rate = Fraction(max(1, math.ceil(modulation.least_samples_per_symbol)))
    waveform = transmit(modulation, Pulse(), rate, 64, 30_000, streams)
    assert in_db(mean_power(waveform)) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("reference", REFERENCES)
@pytest.mark.parametrize("rate", [2, 4, 8, 2.5, 250 / 81], ids="{:.3g}".format)
@every_symbol_spaced_modulation
def test_requested_snr_is_measured_after_the_receiver(modulation, reference, rate, streams):
    # 30 000 symbols: four widths are 0.1 dB
    link = Link(3_000, rate, Channel(snr="0", snr_reference=reference))
    observed, clean = observe(modulation, 5.0, link, 10, streams).views["symbols"]
    es_n0_db = expected_snr_db(modulation, rate, reference, 5.0) + in_db(rate)
    assert in_db(projected(observed.ravel(), clean.ravel())) == pytest.approx(es_n0_db, abs=0.1)


@pytest.mark.parametrize("snr_db", [-10.0, 0.0, 20.0])
def test_requested_snr_is_measured_from_weak_to_strong(snr_db, streams):
    # at -10 dB the projection of 200 000 symbols is 0.04 dB wide
    link = Link(20_000, 2, Channel(snr="0"))
    observed, clean = observe(MODULATIONS["QPSK"], snr_db, link, 10, streams).views["symbols"]
    assert in_db(projected(observed.ravel(), clean.ravel())) == pytest.approx(snr_db, abs=0.1)


# --- images


@pytest.mark.parametrize("modulation", MODULATIONS.values(), ids=str)
def test_a_quarter_turn_of_iq_turns_the_image(modulation, link, streams):
    channel = replace(link.channel, phase_offset_turns="uniform")
    link = replace(link, channel=channel, samples_per_symbol=8)
    observed, _ = observe(modulation, 10.0, link, 2, streams).views["symbols"]
    iq, config = torch.from_numpy(observed), ImageConfig(size=64)
    turned = constellation_images(iq * 1j, config)
    upright = constellation_images(iq, config)
    expected = torch.rot90(upright, 1, dims=(-2, -1))  # I becomes Q: counter-clockwise
    torch.testing.assert_close(turned, expected, rtol=0, atol=5e-5)  # float32 and its transform
    assert (turned - upright).abs().max() > 0.01  # and there was something to turn
