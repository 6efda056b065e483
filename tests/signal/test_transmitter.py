"""Waveforms that are on the air before their first sample, whatever the modulation."""

from fractions import Fraction

import numpy as np
import pytest
from pulse_shaping import shape_symbols

from rfmae.errors import RecipeError
from rfmae.signal.bits import bits_to_indices, random_bits
from rfmae.signal.cpm import modulate_phase
from rfmae.signal.linear import map_symbols
from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.pulses import Pulse
from rfmae.signal.transmitter import transmit

RATES = [Fraction(8), Fraction(17, 2), Fraction(800, 81)]
LINEAR = [row for row in MODULATIONS.values() if row.points and row.family != "ofdm"]
PHASES = [row for row in MODULATIONS.values() if row.family == "phase"]

every_modulation = pytest.mark.parametrize("modulation", MODULATIONS.values(), ids=str)


def kind_of(modulation):
    """Which sideband is sent alone, if any."""
    kind = getattr(modulation.settings, "kind", "")
    return kind if kind.startswith(("upper", "lower")) else ""


def fits(modulation, rate):
    """Blocks of OFDM are whole numbers of samples."""
    return modulation.family != "ofdm" or (16 * rate).denominator == 1


# --- laws


@pytest.mark.parametrize("rate", RATES, ids=str)
@pytest.mark.parametrize("samples", [1, 7, 640])
@every_modulation
def test_every_waveform_is_as_long_as_was_requested(modulation, samples, rate, streams):
    if not fits(modulation, rate):
        return
    waveform = transmit(modulation, Pulse(), rate, samples, 3, streams)
    assert waveform.shape == (3, samples)
    assert waveform.dtype == np.complex64
    assert np.isfinite(waveform).all()


@every_modulation
def test_the_first_examples_are_the_same_bits_whatever_the_count(modulation, streams):
    many = transmit(modulation, Pulse(), Fraction(8), 300, 64, streams)
    for count in (1, 2, 17):
        few = transmit(modulation, Pulse(), Fraction(8), 300, count, streams)
        assert few.tobytes() == np.ascontiguousarray(many[:count]).tobytes()


@every_modulation
def test_examples_differ_from_one_another_and_with_their_generators(modulation, streams_of):
    one, other = (
        transmit(modulation, Pulse(), Fraction(8), 300, 20, streams_of(seed)) for seed in (1, 2)
    )
    if modulation.name == "NOISE":
        assert not one.any()
        return
    rows = [row.tobytes() for row in (*one, *other)]
    assert len(set(rows)) == 40


@pytest.mark.parametrize(
    "modulation",
    [row for row in MODULATIONS.values() if row.name != "NOISE"],
    ids=str,
)
def test_a_waveform_is_on_the_air_from_its_first_sample_to_its_last(modulation, streams):
    waveform = transmit(modulation, Pulse(), Fraction(8), 256, 2000, streams)
    power = np.mean(np.abs(waveform) ** 2, axis=0)
    # five widths of 2000 examples; a message's power varies threefold, that of the rest once
    width = np.std(np.abs(waveform[:, 128]) ** 2) / np.sqrt(2000)
    if modulation.family in ("analog", "ofdm"):
        assert np.abs(power - 1).max() < 5 * width + 0.02
    else:
        # the power of a linear modulation swings with the symbol clock
        by_symbol = power.reshape(-1, 8).mean(axis=1)
        assert np.abs(by_symbol - 1).max() < 5 * width + 0.02


# --- references


@pytest.mark.parametrize("rate", [Fraction(2), Fraction(5, 2), Fraction(8)], ids=str)
@pytest.mark.parametrize("modulation", LINEAR, ids=str)
def test_a_linear_waveform_is_that_of_its_bits_after_those_that_came_before(
    modulation, rate, streams
):
    pulse, symbols = Pulse(), 40 + 2 * Pulse().reach_symbols
    bits = random_bits(2 * symbols * modulation.bits_per_symbol, streams("bits"))
    indices = bits_to_indices(bits.reshape(2, -1), modulation.bits_per_symbol)
    points = map_symbols(indices, modulation)
    offset = modulation.family == "offset"
    whole = shape_symbols(points, pulse, 2 * rate, offset=offset)  # at twice the rate
    first = int(pulse.reach_symbols * 2 * rate)
    waveform = transmit(modulation, pulse, rate, int(40 * rate), 2, streams)
    expected = whole[:, first::2][:, : waveform.shape[1]]
    # a pulse cut to its span has slightly another energy at another rate, and adds up otherwise
    # where symbols have a mean
    within = 4e-3 if abs(sum(modulation.points)) > 1e-6 else 1e-3
    np.testing.assert_allclose(waveform, expected, atol=within)


@pytest.mark.parametrize("modulation", PHASES, ids=str)
def test_a_phase_goes_on_from_the_bits_that_came_before(modulation, streams):
    lead = modulation.continuous_phase.pulse_symbols
    bits = random_bits((40 + 2 * lead) * modulation.bits_per_symbol, streams("bits"))
    indices = bits_to_indices(bits.reshape(1, -1), modulation.bits_per_symbol)
    whole = modulate_phase(indices, modulation, 8)
    waveform = transmit(modulation, Pulse(), Fraction(8), 320, 1, streams)
    assert np.array_equal(waveform, whole[:, 8 * lead :][:, :320])


def test_the_pulse_does_not_touch_what_has_a_spectrum_of_its_own(streams):
    for name in ("GMSK", "WBFM", "OFDM-QPSK", "NOISE"):
        one, other = (
            transmit(MODULATIONS[name], pulse, Fraction(4), 200, 2, streams)
            for pulse in (Pulse(), Pulse("rectangular"))
        )
        assert np.array_equal(one, other)


def test_ofdm_begins_at_any_instant_of_its_blocks(streams):
    modulation = MODULATIONS["OFDM-16QAM"]
    waveform = transmit(modulation, Pulse(), Fraction(1), 160, 4000, streams)
    # the prefix repeats what comes 64 chips later: a correlation wherever it happens to be
    lag = np.mean(waveform[:, :96] * waveform[:, 64:].conj(), axis=0)
    # 16 of 80 chips are prefix; each instant is one of them equally often
    np.testing.assert_allclose(lag, 0.2, atol=5 / np.sqrt(4000))


# --- edges


@pytest.mark.parametrize(
    ("name", "rate"), [("8FSK", Fraction(7)), ("OQPSK", Fraction(3, 2)), ("MSK", Fraction(1))]
)
def test_a_rate_that_is_too_low_is_refused(name, rate, streams):
    with pytest.raises(RecipeError, match=f"{name} needs at least .* got {float(rate):g}"):
        transmit(MODULATIONS[name], Pulse("rectangular"), rate, 64, 1, streams)


def test_a_rate_below_the_band_of_the_pulse_is_refused(streams):
    with pytest.raises(RecipeError, match=r"needs at least 1\.35 samples per symbol"):
        transmit(MODULATIONS["QPSK"], Pulse(), Fraction(1), 64, 1, streams)
