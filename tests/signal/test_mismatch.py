from dataclasses import replace

import numpy as np
import pytest

from rfmae.errors import RecipeError
from rfmae.signal.impairments import Channel
from rfmae.signal.link import Link, observe
from rfmae.signal.mismatch import OFFSETS, Mismatch
from rfmae.signal.modulations import find_modulation
from rfmae.signal.pulses import Pulse
from rfmae.signal.receiver import Receiver

LINEAR = ["BPSK", "QPSK", "16QAM", "8PSK", "4PAM"]
NOISELESS = Channel(snr="200", phase_offset_turns="none")


def symbols(link, modulation, streams, count=4, clean=False):
    seen = observe(find_modulation(modulation), link.channel.snr_db[0], link, count, streams)
    return seen.views["symbols"][1 if clean else 0]


@pytest.fixture
def quiet(link):
    return replace(link, channel=NOISELESS, mismatch=Mismatch(least_guard_symbols=40))


@pytest.mark.parametrize("modulation", ["QPSK", "GMSK", "OFDM-QPSK", "AM-DSB-SC"])
def test_a_link_that_is_what_its_receiver_takes_it_for_stays_bit_for_bit(link, modulation, streams):
    plain = symbols(link, modulation, streams)
    own_guard = Mismatch({}, least_guard_symbols=link.guard_symbols)
    np.testing.assert_array_equal(
        symbols(replace(link, mismatch=own_guard), modulation, streams), plain
    )
    wider = Mismatch({}, least_guard_symbols=link.guard_symbols + 1)
    assert not np.array_equal(symbols(replace(link, mismatch=wider), modulation, streams), plain)


@pytest.mark.parametrize("modulation", LINEAR)
def test_an_unknown_carrier_offset_turns_the_symbols(quiet, modulation, streams):
    turns = 1e-3
    sent = symbols(quiet, modulation, streams)
    mismatch = replace(quiet.mismatch, offsets={"carrier_offset_turns_per_symbol": turns})
    received = symbols(replace(quiet, mismatch=mismatch), modulation, streams)
    turned = sent * np.exp(2j * np.pi * turns * np.arange(sent.shape[1]))
    # the filter sees a signal a thousandth of the symbol rate beside its own centre
    np.testing.assert_allclose(received, turned, atol=0.02)


def test_a_receiver_that_knows_the_timing_is_off_by_the_unknown_rest_alone(quiet, streams):
    known = replace(quiet.channel, timing_offset_symbols=0.3)
    rest = replace(quiet.mismatch, offsets={"timing_offset_symbols": 0.2})
    both = symbols(replace(quiet, channel=known, mismatch=rest), "QPSK", streams)
    unknown = replace(quiet.channel, timing_offset_symbols=0.2)
    alone = replace(quiet, channel=unknown, receiver=Receiver(timing="none"))
    # both interpolate, by other fractions of a sample: -70 dB of a pulse that ends abruptly
    np.testing.assert_allclose(both, symbols(alone, "QPSK", streams), atol=5e-3)


@pytest.mark.parametrize("name", OFFSETS)
def test_every_offset_is_felt_and_zero_is_not(quiet, name, streams):
    felt = {
        value: symbols(
            replace(quiet, mismatch=replace(quiet.mismatch, offsets={name: value})), "QPSK", streams
        )
        for value in (0.0, 0.4)
    }
    sent = symbols(quiet, "QPSK", streams)
    np.testing.assert_allclose(felt[0.0], sent, atol=1e-5)
    if name != "clock_offset_ppm":  # four ten-millionths of a symbol in a symbol
        assert np.abs(felt[0.4] - sent).max() > 4e-3  # 0.4 degrees are 7e-3 in angle


def test_a_clock_offset_moves_the_last_symbol_by_as_much_as_it_says(quiet, streams):
    """2,000 ppm over 50 symbols are a tenth of a symbol: what a timing offset of so much does."""
    late = replace(quiet.mismatch, offsets={"timing_offset_symbols": -0.1})
    fast = replace(quiet.mismatch, offsets={"clock_offset_ppm": 2_000.0})
    at_timing = symbols(replace(quiet, mismatch=late), "QPSK", streams)
    at_clock = symbols(replace(quiet, mismatch=fast), "QPSK", streams)
    # the gain of an example counts all its symbols, hence the tolerance
    np.testing.assert_allclose(at_clock[:, 50], at_timing[:, 50], atol=0.02)


def test_interference_of_another_rolloff_is_that_of_the_two_spectra(streams):
    """Symbol k of its neighbour: the inverse transform of √(RC(sent)·RC(received)) at k."""
    sent, expected = 0.9, 0.2
    link = Link(
        2_000,
        4,
        NOISELESS,
        Pulse("rrc", expected, span_symbols=64),
        mismatch=Mismatch(sent_rolloff=sent),
    )
    bits = symbols(replace(link, mismatch=Mismatch()), "QPSK", streams, clean=True)
    received = symbols(link, "QPSK", streams, clean=True)
    gain = np.vdot(bits, received) / np.vdot(bits, bits)
    interference = np.mean(np.abs(received / gain - bits) ** 2)
    f = np.linspace(-1, 1, 20_001)
    spectrum = np.sqrt(raised_cosine(f, sent) * raised_cosine(f, expected))
    k = np.arange(-60, 61)
    pulse = (spectrum * np.exp(2j * np.pi * f * k[:, None])).sum(axis=1).real * (f[1] - f[0])
    theory = (np.sum(pulse**2) - pulse[60] ** 2) / pulse[60] ** 2
    assert theory > 0.003
    assert interference == pytest.approx(theory, rel=0.05)  # 8,000 symbols


def raised_cosine(f, rolloff):
    """Spectrum in units of the symbol rate (Proakis, ch. 9.2)."""
    edge = np.clip((np.abs(f) - (1 - rolloff) / 2) / rolloff, 0, 1)
    return (1 + np.cos(np.pi * edge)) / 2


def test_the_receiver_keeps_its_filter_when_the_transmitter_does_not(link):
    other = replace(link, mismatch=Mismatch(sent_rolloff=0.9))
    assert (other.pulse, other.sent_pulse.rolloff) == (link.pulse, 0.9)
    assert other.sent_pulse.span_symbols == link.pulse.span_symbols


def test_an_unknown_offset_is_named_with_the_right_ones():
    with pytest.raises(RecipeError, match="timing_offset_symbols"):
        Mismatch({"timing_offset": 0.1})
