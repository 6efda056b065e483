"""Laws that hold over whole families: every modulation, every SNR reference, every oversampling."""

import math
from dataclasses import replace
from itertools import combinations

import komm
import numpy as np
import pytest
import torch
from scipy.stats import norm

from rfmae.imaging.render import constellation_images
from rfmae.records import ImageConfig
from rfmae.signal.bits import bits_to_indices, indices_to_bits, random_bits
from rfmae.signal.channel import awgn
from rfmae.signal.cpm import detect_indices, modulate_phase
from rfmae.signal.linear import decide_indices, map_symbols, shape_symbols
from rfmae.signal.link import observe, transmit
from rfmae.signal.modulations import MODULATIONS, equal_laws
from rfmae.signal.pulses import root_raised_cosine
from rfmae.signal.receiver import matched_filter
from rfmae.units import db_to_ratio, noise_power_per_sample, ratio_to_db, snr_to_es_n0

POINTED = [row for row in MODULATIONS.values() if row.points]
SYMBOL_SPACED = [row for row in POINTED if row.family != "offset"]

every_modulation = pytest.mark.parametrize("modulation", MODULATIONS.values(), ids=str)
every_pointed_modulation = pytest.mark.parametrize("modulation", POINTED, ids=str)
every_symbol_spaced_modulation = pytest.mark.parametrize("modulation", SYMBOL_SPACED, ids=str)
both_references = pytest.mark.parametrize("snr_reference", ["symbol", "sample"])


def mean_power(iq):
    return np.mean(np.abs(iq.astype(np.complex128)) ** 2)


def inner_waveform(modulation, link, rng):
    """A waveform without its guard symbols, where every symbol has its neighbours."""
    guard = link.guard_symbols * link.samples_per_symbol
    return transmit(modulation, link, [rng])[0, guard:-guard]


# --- power


@every_pointed_modulation
def test_every_alphabet_has_unit_power(modulation):
    assert len(modulation.alphabet) == modulation.order
    assert mean_power(modulation.alphabet) == pytest.approx(1.0, abs=1e-6)  # float32


@pytest.mark.parametrize("samples_per_symbol", [2, 4, 8])
@every_modulation
def test_every_waveform_has_unit_power(modulation, samples_per_symbol, link, rng):
    link = replace(link, symbols_per_example=4096, samples_per_symbol=samples_per_symbol)
    waveform = inner_waveform(modulation, link, rng)
    powers = np.abs(np.array(modulation.points or [1.0])) ** 2
    width = float(np.std(powers)) / 64
    # four Monte-Carlo widths of 4096 symbols, and what the ends of a cut pulse add or lack
    assert mean_power(waveform) == pytest.approx(1.0, abs=4 * width + 0.005)


# --- bits


@pytest.mark.parametrize("samples_per_symbol", [2, 4, 8])
@every_modulation
def test_bits_survive_a_quiet_link(modulation, samples_per_symbol, rng):
    guard = 12
    taps = root_raised_cosine(0.35, samples_per_symbol, guard)
    bits = random_bits(600 * modulation.bits_per_symbol, rng)
    indices = bits_to_indices(bits, modulation.bits_per_symbol)
    inner = slice(guard, -guard)  # the ends lack their neighbours, or a part of their own pulse
    if modulation.family == "phase":
        waveform = modulate_phase(indices, modulation, samples_per_symbol)
        decided = detect_indices(waveform, modulation, samples_per_symbol)
        assert len(decided) == len(indices) - 1  # nothing shows where the last symbol ends
        assert np.array_equal(decided, indices[:-1])
        return
    offset = modulation.family == "offset"
    symbols = map_symbols(indices, modulation)
    waveform = shape_symbols(symbols, taps, samples_per_symbol, offset=offset)
    received = matched_filter(waveform, taps, samples_per_symbol)
    if offset:
        late = np.roll(waveform, -(samples_per_symbol // 2))
        received = received.real + 1j * matched_filter(late, taps, samples_per_symbol).imag
    decided = decide_indices(received, modulation)
    assert np.array_equal(decided[inner], indices[inner])
    sent = bits.reshape(-1, modulation.bits_per_symbol)[inner].ravel()
    assert np.array_equal(indices_to_bits(decided[inner], modulation.bits_per_symbol), sent)


@every_pointed_modulation
def test_nearest_neighbours_differ_in_one_bit(modulation):
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


def law_of(modulation):
    """What a receiver that knows neither scale nor carrier phase could tell of i.i.d. symbols."""
    if modulation.family == "phase":
        return "phase", modulation.modulation_index, modulation.bt
    # steps of a whole group make independent symbols, so a differential family is a memoryless one
    family = "offset" if modulation.family == "offset" else "memoryless"
    return family, canonical(modulation.alphabet.astype(complex))


def canonical(points):
    """The alphabet turned so that it reads the same whatever its carrier phase and scale."""
    points = points / np.sqrt(mean_power(points))
    turned = [points * abs(anchor) / anchor for anchor in points if abs(anchor) > 1e-6]
    rounded = [np.round(np.stack([p.real, p.imag], -1), 4) + 0.0 for p in turned]
    return min(tuple(sorted(map(tuple, pairs.tolist()))) for pairs in rounded)


def test_no_two_modulations_have_the_same_law_unless_the_table_says_so():
    laws = {name: law_of(row) for name, row in MODULATIONS.items()}
    alike = {pair for pair in combinations(MODULATIONS, 2) if laws[pair[0]] == laws[pair[1]]}
    declared = {pair for group in equal_laws(MODULATIONS) for pair in combinations(group, 2)}
    assert alike == declared == {("QPSK", "DQPSK")}


@pytest.mark.parametrize("name", [row.name for row in MODULATIONS.values() if row.same_law_as])
def test_a_twin_of_another_law_sends_independent_symbols(name, rng):
    modulation = MODULATIONS[name]
    order = modulation.order
    indices = rng.integers(order, size=40_000)
    turns = np.angle(map_symbols(indices, modulation)) / (2 * np.pi) * order
    states = np.rint(turns).astype(int) % order
    pairs = np.bincount(states[:-1] * order + states[1:], minlength=order**2)
    expected = len(indices) / order**2
    assert np.abs(pairs - expected).max() < 4 * math.sqrt(expected)  # four Poisson widths


# --- SNR


@pytest.mark.parametrize("samples_per_symbol", [2, 4, 8])
@both_references
@every_modulation
def test_requested_snr_is_measured_at_the_waveform(
    modulation, snr_reference, samples_per_symbol, link, rng
):
    link = replace(link, symbols_per_example=20_000, samples_per_symbol=samples_per_symbol)
    waveform = inner_waveform(modulation, link, rng)
    noise_power = noise_power_per_sample(3.0, snr_reference, samples_per_symbol)
    noise = awgn(waveform, noise_power, rng) - waveform
    measured_db = ratio_to_db(mean_power(waveform) / mean_power(noise))
    if snr_reference == "symbol":
        measured_db = snr_to_es_n0(measured_db, samples_per_symbol)
    assert measured_db == pytest.approx(3.0, abs=0.1)


def projected_snr_db(observed, clean):
    """SNR in dB of what is seen, by its projection on the clean twin, blind to any gain."""
    observed, clean = observed.astype(np.complex128), clean.astype(np.complex128)
    across = np.abs(np.vdot(clean, observed)) ** 2
    likeness = across / (np.vdot(observed, observed) * np.vdot(clean, clean)).real
    return ratio_to_db(likeness / (1 - likeness))


@pytest.mark.parametrize("samples_per_symbol", [2, 4, 8])
@both_references
@every_symbol_spaced_modulation
def test_requested_snr_is_measured_after_the_receiver(
    modulation, snr_reference, samples_per_symbol, link, rng
):
    link = replace(
        link,
        symbols_per_example=20_000,
        samples_per_symbol=samples_per_symbol,
        snr_reference=snr_reference,
        phase_offset="uniform",
    )
    observed, clean = observe(modulation, 5.0, link, [rng])
    es_n0_db = snr_to_es_n0(5.0, samples_per_symbol) if snr_reference == "sample" else 5.0
    assert projected_snr_db(observed, clean) == pytest.approx(es_n0_db, abs=0.1)


@pytest.mark.parametrize("snr_db", [-10.0, 0.0, 20.0])
def test_requested_snr_is_measured_from_weak_to_strong(snr_db, link, rng):
    # at -10 dB the projection of 200 000 symbols is 0.04 dB wide
    link = replace(link, symbols_per_example=200_000, samples_per_symbol=2)
    observed, clean = observe(MODULATIONS["QPSK"], snr_db, link, [rng])
    assert projected_snr_db(observed, clean) == pytest.approx(snr_db, abs=0.1)


# --- error rates: our waveform, noise and matched filter, the decisions of komm

KOMM = {
    "BPSK": (komm.PSKConstellation(2), 1.0),
    "QPSK": (komm.PSKConstellation(4, phase_offset=1 / 8), 1.0),
    "8PSK": (komm.PSKConstellation(8), 1.0),
    "4PAM": (komm.PAMConstellation(4), math.sqrt(5)),
    "16QAM": (komm.QAMConstellation(16), math.sqrt(10)),
    "64QAM": (komm.QAMConstellation(64), math.sqrt(42)),
}
RAILS_AND_LEVELS = {
    "BPSK": (1, 2),
    "QPSK": (2, 2),
    "4PAM": (1, 4),
    "16QAM": (2, 4),
    "64QAM": (2, 8),
}

SYMBOL_ERROR_RATES = [
    ("BPSK", 0, 0.07865),
    ("BPSK", 6, 2.388e-3),
    ("QPSK", 6, 4.5485e-2),
    ("QPSK", 10, 1.565e-3),
    ("8PSK", 10, 0.087005),
    ("8PSK", 14, 6.680e-3),
    ("4PAM", 10, 0.034125),
    ("16QAM", 12, 0.10935),
    ("16QAM", 16, 7.152e-3),
    ("64QAM", 18, 0.14003),
    ("64QAM", 22, 1.0491e-2),
]
BIT_ERROR_RATES = [
    ("BPSK", 6, 2.388e-3),
    ("QPSK", 0, 0.15866),
    ("QPSK", 6, 0.023007),
    ("16QAM", 10, 0.058993),
    ("16QAM", 14, 9.376e-3),
    ("64QAM", 16, 0.049171),
    ("64QAM", 20, 8.486e-3),
]


def received_in_noise(modulation, es_n0_db, rng, count=100_000):
    """Indices sent and symbols received at Es/N0, without the symbols at the ends."""
    guard = 12
    taps = root_raised_cosine(0.35, 4, guard)
    indices = bits_to_indices(
        random_bits(count * modulation.bits_per_symbol, rng), modulation.bits_per_symbol
    )
    waveform = shape_symbols(map_symbols(indices, modulation), taps, 4)
    noisy = awgn(waveform, noise_power_per_sample(es_n0_db, "symbol", 4), rng)
    return indices[guard:-guard], matched_filter(noisy, taps, 4)[guard:-guard]


def rail_error_rate(name, es_n0_db):
    """Symbol error rate of independent rails of equidistant levels (Proakis, ch. 4.3)."""
    rails, levels = RAILS_AND_LEVELS[name]
    half_distance_energy = 3 / (rails * (levels**2 - 1))
    tail = norm.sf(math.sqrt(2 * half_distance_energy * db_to_ratio(es_n0_db)))
    return 1 - (1 - 2 * (1 - 1 / levels) * tail) ** rails


@pytest.mark.parametrize(("name", "es_n0_db", "theory"), SYMBOL_ERROR_RATES)
def test_symbol_error_rate_meets_theory_with_the_decisions_of_komm(name, es_n0_db, theory, rng):
    if name in RAILS_AND_LEVELS:
        # the published numbers are printed with four digits
        assert rail_error_rate(name, es_n0_db) == pytest.approx(theory, rel=5e-4)
    modulation = MODULATIONS[name]
    indices, received = received_in_noise(modulation, es_n0_db, rng)
    constellation, amplitude = KOMM[name]
    points = modulation.alphabet[indices]
    if name == "4PAM":  # komm takes real numbers for real points
        points, received = points.real, received.real
    decided = constellation.closest_indices(received * amplitude)
    sent = constellation.closest_indices(points * amplitude)
    errors, expected = np.count_nonzero(decided != sent), theory * len(sent)
    assert abs(errors - expected) < 4 * math.sqrt(expected * (1 - theory))  # four widths


@pytest.mark.parametrize(("name", "es_n0_db", "theory"), BIT_ERROR_RATES)
def test_bit_error_rate_of_the_gray_labels_meets_theory(name, es_n0_db, theory, rng):
    modulation = MODULATIONS[name]
    indices, received = received_in_noise(modulation, es_n0_db, rng)
    sent = indices_to_bits(indices, modulation.bits_per_symbol)
    decided = indices_to_bits(decide_indices(received, modulation), modulation.bits_per_symbol)
    errors, expected = np.count_nonzero(decided != sent), theory * len(sent)
    assert abs(errors - expected) < 4 * math.sqrt(expected)  # four widths


# --- pictures


@every_modulation
def test_a_quarter_turn_of_iq_turns_the_image(modulation, link):
    rngs = [np.random.default_rng(seed) for seed in range(2)]
    observed, _ = observe(modulation, 10.0, replace(link, phase_offset="uniform"), rngs)
    iq, config = torch.from_numpy(observed), ImageConfig(size=64)
    turned = constellation_images(iq * 1j, config)
    upright = constellation_images(iq, config)
    expected = torch.rot90(upright, 1, dims=(-2, -1))  # I becomes Q: counter-clockwise
    torch.testing.assert_close(turned, expected, rtol=0, atol=5e-5)  # float32 and its transform
    assert (turned - upright).abs().max() > 0.01  # and there was something to turn
