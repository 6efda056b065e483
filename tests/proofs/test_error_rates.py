"""Our waveform, noise and matched filter, decided by the demodulators of komm and of liquid-dsp.

Symbol errors of every linear modulation at 0 to 22 dB are compared with theory: closed forms for
rails (PAM, ASK, square QAM), exact integrals for PSK and phase steps, and the numeric integral over
the cells of its points for crosses and rings.
"""

import math
from functools import cache

import komm
import liquid
import numpy as np
import pytest
import sdr
from error_theory import differential_psk, nearest_point, orthogonal, psk, rails

from rfmae.signal.bits import bits_to_indices, indices_to_bits, random_bits
from rfmae.signal.channel import awgn
from rfmae.signal.linear import decide_indices
from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.pulses import Pulse
from rfmae.signal.receiver import matched_filter
from rfmae.signal.transmitter import transmit
from rfmae.units import noise_power_per_sample, whole_ratio

PULSE, RATE, GUARD = Pulse(), 4, 12
ES_N0_DB = np.arange(0.0, 23.0, 2.0)
LINEAR = [row for row in MODULATIONS.values() if row.points and row.family != "ofdm"]

THEORY = {
    **{f"{order}PAM": lambda snr, m=order: rails(1, m, False, snr) for order in (4, 8, 16)},
    **{f"{order}ASK": lambda snr, m=order: rails(1, m, True, snr) for order in (4, 8, 16)},
    **{
        f"{order}QAM": lambda snr, m=order: rails(2, math.isqrt(m), False, snr)
        for order in (16, 64, 256, 1024)
    },
    **{f"{order}PSK": lambda snr, m=order: psk(m, snr) for order in (8, 16, 32, 64)},
    "OOK": lambda snr: rails(1, 2, True, snr),
    "BPSK": lambda snr: rails(1, 2, False, snr),
    "π/2-BPSK": lambda snr: rails(1, 2, False, snr),
    "QPSK": lambda snr: rails(2, 2, False, snr),
    "OQPSK": lambda snr: rails(2, 2, False, snr),
    "DBPSK": lambda snr: differential_psk(2, snr),
    "DQPSK": lambda snr: differential_psk(4, snr),
    "π/4-DQPSK": lambda snr: differential_psk(4, snr),
    "D8PSK": lambda snr: differential_psk(8, snr),
    **{
        name: lambda snr, name=name: nearest_point(MODULATIONS[name].points, snr)
        for name in ("32QAM", "128QAM", "16APSK", "32APSK", "64APSK", "128APSK")
    },
}


def rings(orders, ratios, phase_offsets):
    return komm.APSKConstellation(orders, (1.0, *ratios), phase_offsets)


KOMM = {
    "OOK": komm.ASKConstellation(2),
    **{f"{order}ASK": komm.ASKConstellation(order) for order in (4, 8, 16)},
    **{f"{order}PAM": komm.PAMConstellation(order) for order in (4, 8, 16)},
    **{f"{order}PSK": komm.PSKConstellation(order) for order in (8, 16, 32, 64)},
    **{f"{order}QAM": komm.QAMConstellation(order) for order in (16, 64, 256, 1024)},
    **{f"{order}QAM": komm.CrossQAMConstellation(order) for order in (32, 128)},
    **{name: komm.PSKConstellation(2) for name in ("BPSK", "π/2-BPSK", "DBPSK")},
    **{name: komm.PSKConstellation(4, phase_offset=1 / 8) for name in ("QPSK", "OQPSK")},
    "DQPSK": komm.PSKConstellation(4),
    "π/4-DQPSK": komm.PSKConstellation(4, phase_offset=1 / 8),
    "D8PSK": komm.PSKConstellation(8),
    "16APSK": rings((4, 12), (2.85,), (1 / 8, 1 / 24)),
    "32APSK": rings((4, 12, 16), (2.84, 5.27), (1 / 8, 1 / 24, 0.0)),
    "64APSK": rings((16,) * 4, (1.88, 2.72, 3.95), 1 / 32),
    # the phases of 128APSK are those of no ring that komm knows: its points are ours
    "128APSK": komm.Constellation(np.array(MODULATIONS["128APSK"].points)[:, None]),
}
"""For phase steps, a demodulator of the products of neighbours."""

LIQUID = {
    "OOK": "ook",
    "BPSK": "bpsk",
    "QPSK": "qpsk",
    **{f"{order}PAM": f"ask{order}" for order in (4, 8, 16)},
    **{f"{order}PSK": f"psk{order}" for order in (8, 16, 32, 64)},
    **{f"{order}QAM": f"qam{order}" for order in (16, 64, 256)},
    **{f"{order}QAM": f"sqam{order}" for order in (32, 128)},
    "DBPSK": "dpsk2",
    "DQPSK": "dpsk4",
    "D8PSK": "dpsk8",
    "π/4-DQPSK": "pi4dqpsk",
}
"""Its rings have other radii than those of the standard, its ASK is our PAM."""


def count_for(modulation):
    """Symbols at each SNR; komm compares with every point of a cross or of rings."""
    slow = modulation.name.endswith("APSK") or modulation.name in ("32QAM", "128QAM")
    return 3_500 if slow else 12_000


@cache
def received(name):
    """Indices sent and symbols received (SNR points, K) as a demodulator wants them."""
    modulation = MODULATIONS[name]
    count = count_for(modulation) + 2 * GUARD

    def streams(purpose):
        return np.random.default_rng([20250225, len(purpose)])

    rate, rows = whole_ratio(RATE), len(ES_N0_DB)
    waveform = transmit(modulation, PULSE, rate, count * RATE, rows, streams)
    sent = count + 2 * PULSE.reach_symbols
    bits = random_bits(rows * sent * modulation.bits_per_symbol, streams("bits"))
    indices = bits_to_indices(bits.reshape(rows, -1), modulation.bits_per_symbol)
    noise_power = [noise_power_per_sample(snr, "symbol", RATE) for snr in ES_N0_DB]
    noisy = awgn(waveform, noise_power, np.random.default_rng(7))
    first = PULSE.reach_symbols
    symbols = upright(modulation, noisy, first)
    inner = slice(GUARD, -GUARD)
    return indices[:, first : first + count][:, inner], symbols[:, inner]


def upright(modulation, noisy, first):
    """Matched filter, the late Q of OQPSK, and the turn of a rotating alphabet taken back."""
    symbols = matched_filter(noisy, PULSE, RATE)
    if modulation.family == "offset":
        late = matched_filter(np.roll(noisy, -RATE // 2, axis=1), PULSE, RATE)
        symbols = symbols.real + 1j * late.imag
    if modulation.family == "rotating":
        symbols = symbols * (-1j) ** (first + np.arange(symbols.shape[1]))
    return symbols


def by_komm(name, symbols):
    constellation = KOMM[name]
    scaled = symbols.ravel() * math.sqrt(constellation.mean_energy())
    if name.endswith(("PAM", "ASK")) or name == "OOK":  # komm takes real numbers for real points
        scaled = scaled.real
    return constellation.closest_indices(scaled).reshape(symbols.shape)


def by_liquid(name, symbols):
    modem = liquid.modem(LIQUID[name])
    decided = [modem.demodulate(symbol) for symbol in symbols.ravel().tolist()]
    return np.array(decided).reshape(symbols.shape)


def steps(symbols):
    return symbols[:, 1:] * symbols[:, :-1].conj()


@cache
def worth_counting(name):
    """Points at which chance is no more than a third, and the error rates there."""
    theory = np.array([THEORY[name](snr) for snr in ES_N0_DB])
    return theory * count_for(MODULATIONS[name]) >= 10, theory


def assert_errors_are_those_of_theory(name, wrong, theory):
    """Within four Monte Carlo widths at every SNR, and on average over them."""
    count = wrong.shape[1]
    expected = theory * count
    spread = np.sqrt(expected * (1 - theory))
    if MODULATIONS[name].family == "differential":
        spread *= math.sqrt(2)  # one bad symbol spoils two steps: errors come in pairs
    z = (wrong.sum(axis=1) - expected) / spread
    assert np.abs(z).max() < 4, z
    assert abs(z.sum()) / math.sqrt(len(z)) < 4


def test_every_linear_modulation_has_a_theory_and_a_demodulator():
    assert THEORY.keys() == KOMM.keys() == {row.name for row in LINEAR}
    assert LIQUID.keys() < KOMM.keys()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name.startswith("128") else [])
        for name in KOMM
    ],
)
def test_symbol_error_rate_meets_theory_with_the_decisions_of_komm(name):
    indices, symbols = received(name)
    if MODULATIONS[name].family == "differential":
        indices, symbols = indices[:, 1:], steps(symbols)
    labels = by_komm(name, MODULATIONS[name].alphabet[None])[0]
    assert sorted(labels) == list(range(MODULATIONS[name].order))  # theirs are ours
    rows, theory = worth_counting(name)
    wrong = by_komm(name, symbols[rows]) != labels[indices[rows]]
    assert_errors_are_those_of_theory(name, wrong, theory[rows])


@pytest.mark.parametrize("name", LIQUID)
def test_symbol_error_rate_meets_theory_with_the_decisions_of_liquid(name):
    modulation = MODULATIONS[name]
    indices, symbols = received(name)
    rows, theory = worth_counting(name)
    decided = by_liquid(name, symbols[rows])
    labels = labels_of_liquid(name)
    wrong = decided != labels[indices[rows]]
    if modulation.family == "differential":
        wrong = wrong[:, 1:]  # the first step of a row leads from the row before
    assert_errors_are_those_of_theory(name, wrong, theory[rows])


def labels_of_liquid(name):
    """What liquid calls each of our points or steps, once they are seen to be the same."""
    modulation = MODULATIONS[name]
    modem = liquid.modem(LIQUID[name])
    labels = []
    for point in modulation.alphabet.astype(complex):
        modem.reset()
        if modulation.family == "differential":
            modem.demodulate(1.0 + 0j)
        labels.append(modem.demodulate(complex(point)))
    assert sorted(labels) == list(range(modulation.order))
    if modulation.family != "differential":
        theirs = np.array([modem.modulate(label) for label in labels])
        np.testing.assert_allclose(theirs, modulation.alphabet, atol=2e-4)  # as they print them
    return np.array(labels)


# --- tones: a correlator for each, and no carrier phase


@pytest.mark.parametrize("name", ["2FSK", "4FSK", "8FSK"])
def test_symbol_error_rate_of_tones_meets_theory_without_a_carrier_phase(name, streams):
    """Orthogonal tones, the strongest of which is decided (Proakis, ch. 4.5)."""
    modulation, rate, count = MODULATIONS[name], 16, 20_000
    lead = 1  # symbol that is on the air before
    waveform = transmit(modulation, PULSE, whole_ratio(rate), count * rate, 1, streams)
    bits = random_bits((count + 2 * lead) * modulation.bits_per_symbol, streams("bits"))
    sent = bits_to_indices(bits, modulation.bits_per_symbol)[lead : lead + count]
    t = np.arange(rate) / rate
    tones = np.exp(1j * np.pi * modulation.levels[:, None] * t)
    for es_n0_db in (4.0, 8.0, 10.0):
        noise_power = noise_power_per_sample(es_n0_db, "symbol", rate)
        noisy = awgn(waveform, noise_power, streams("noise")).reshape(count, rate)
        decided = np.abs(noisy @ tones.conj().T).argmax(axis=1)
        assert_errors_are_those_of_theory(
            name, (decided != sent)[None], np.array([orthogonal(modulation.order, es_n0_db)])
        )


# --- the theory itself


@pytest.mark.parametrize("es_n0_db", [0.0, 6.0, 14.0])
def test_theory_agrees_with_itself_and_with_sdr(es_n0_db):
    for order in (4, 8, 16):
        exact = psk(order, es_n0_db)
        alphabet = np.exp(2j * np.pi * np.arange(order) / order)
        assert nearest_point(alphabet, es_n0_db) == pytest.approx(exact, rel=1e-3)
        assert sdr.PSK(order).ser(np.array([es_n0_db]))[0] == pytest.approx(exact, rel=1e-6)
    for name in ("4PAM", "16QAM", "64QAM", "8ASK"):
        cells = nearest_point(MODULATIONS[name].points, es_n0_db)
        assert cells == pytest.approx(THEORY[name](es_n0_db), rel=2e-3)
    assert differential_psk(2, es_n0_db) == pytest.approx(math.exp(-(10 ** (es_n0_db / 10))) / 2)


@pytest.mark.parametrize(
    ("name", "es_n0_db", "published"),
    [
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
        ("256QAM", 20, 0.45343),
        ("256QAM", 24, 0.15407),
        ("DBPSK", 8, 9.094e-4),
    ],
)
def test_theory_is_the_published_one(name, es_n0_db, published):
    assert orthogonal(2, 10.0) == pytest.approx(3.369e-3, rel=5e-4)
    assert THEORY[name](es_n0_db) == pytest.approx(published, rel=5e-4)  # as printed


# --- bits


@pytest.mark.parametrize(
    ("name", "es_n0_db", "published"),
    [
        ("BPSK", 6, 2.388e-3),
        ("QPSK", 0, 0.15866),
        ("QPSK", 6, 0.023007),
        ("16QAM", 10, 0.058993),
        ("16QAM", 14, 9.376e-3),
        ("64QAM", 16, 0.049171),
        ("64QAM", 20, 8.486e-3),
    ],
)
def test_bit_error_rate_of_the_gray_labels_meets_theory(name, es_n0_db, published):
    modulation = MODULATIONS[name]
    indices, symbols = received(name)
    row = ES_N0_DB.tolist().index(es_n0_db)
    sent = indices_to_bits(indices[row], modulation.bits_per_symbol)
    decided = decide_indices(symbols[row], modulation)
    errors = np.count_nonzero(indices_to_bits(decided, modulation.bits_per_symbol) != sent)
    expected = published * len(sent)
    assert abs(errors - expected) < 4 * math.sqrt(expected)  # four widths


@pytest.mark.parametrize(
    "modulation", [r for r in LINEAR if r.family in ("memoryless", "offset")], ids=str
)
def test_our_own_decisions_are_those_of_komm(modulation):
    some = received(modulation.name)[1][:, :1000]
    labels = by_komm(modulation.name, modulation.alphabet[None])[0]
    ours = labels[decide_indices(some, modulation)]
    # but for symbols that rounding puts on a border
    assert np.mean(ours != by_komm(modulation.name, some)) < 1e-3
