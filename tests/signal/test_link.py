"""From bits to observed symbols and their clean twin."""

from dataclasses import replace

import numpy as np
import pytest

from rfmae.errors import RecipeError, UnitError
from rfmae.signal.link import observe, receive, transmit
from rfmae.signal.modulations import MODULATIONS, nearest_indices

every_modulation = pytest.mark.parametrize("modulation", MODULATIONS.values(), ids=str)


def generators(*seeds):
    return [np.random.default_rng(seed) for seed in seeds]


# --- laws


@pytest.mark.parametrize("phase_offset", ["none", "uniform"])
@every_modulation
def test_every_example_arrives_with_its_shape_and_unit_power(modulation, phase_offset, link):
    link = replace(link, phase_offset=phase_offset)
    for symbols in observe(modulation, 0.0, link, generators(1, 2, 3)):
        assert symbols.shape == (3, link.symbols_per_example)
        assert symbols.dtype == np.complex64
        np.testing.assert_allclose(np.mean(np.abs(symbols) ** 2, axis=1), 1.0, rtol=1e-5)


@every_modulation
def test_an_example_depends_on_its_own_generator_alone(modulation, link):
    link = replace(link, phase_offset="uniform")
    together = observe(modulation, 3.0, link, generators(1, 2, 3))
    alone = observe(modulation, 3.0, link, generators(2))
    for many, one in zip(together, alone, strict=True):
        assert np.array_equal(many[1], one[0])
    assert not np.array_equal(together[0][0], together[0][1])


@every_modulation
def test_the_clean_twin_does_not_know_the_snr(modulation, link):
    link = replace(link, phase_offset="uniform")
    _, weak = observe(modulation, -10.0, link, generators(4))
    _, strong = observe(modulation, 30.0, link, generators(4))
    assert np.array_equal(weak, strong)


@every_modulation
def test_what_is_seen_approaches_the_clean_twin(modulation, link):
    link = replace(link, phase_offset="uniform")
    far, near = (
        np.abs(np.subtract(*observe(modulation, snr_db, link, generators(4)))).max()
        for snr_db in (20.0, 80.0)
    )
    assert near < 1e-3 < far  # ten times the rms at 80 dB


@every_modulation
def test_the_carrier_phase_turns_both_twins_alike(modulation, link):
    _, upright = observe(modulation, 60.0, link, generators(4))
    observed, clean = observe(
        modulation, 60.0, replace(link, phase_offset="uniform"), generators(4)
    )
    turn = np.vdot(upright[0], clean[0]) / link.symbols_per_example
    assert abs(turn) == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_allclose(clean, upright * turn, atol=1e-5)
    np.testing.assert_allclose(observed, clean, atol=0.02)  # 60 dB


@pytest.mark.parametrize(
    "modulation", [r for r in MODULATIONS.values() if r.family == "memoryless"], ids=str
)
def test_clean_symbols_stand_on_the_alphabet_up_to_the_last(modulation, link):
    _, clean = observe(modulation, 0.0, link, generators(7))
    # the gain was set on these 64 symbols and the strongest of them is one of the points
    assert min(misfits(clean, modulation.alphabet)) < 0.03  # intersymbol interference at -54 dB


def misfits(symbols, alphabet):
    """The largest distance from the alphabet under each gain that the strongest symbol may have."""
    strongest = np.abs(symbols).max()
    for amplitude in np.abs(alphabet[np.abs(alphabet) > 0]):
        scaled = symbols * (amplitude / strongest)
        nearest = alphabet[nearest_indices(scaled, alphabet)]
        gain = np.vdot(nearest, scaled).real / np.vdot(nearest, nearest).real
        yield np.abs(scaled / gain - nearest).max()


def test_the_ends_of_an_example_are_as_clean_as_its_middle(link):
    link = replace(link, symbols_per_example=16)
    _, clean = observe(MODULATIONS["BPSK"], 0.0, link, generators(*range(500)))
    error_db = 10 * np.log10(np.mean(np.abs(clean - np.sign(clean.real)) ** 2, axis=0))
    # the floor of a pulse of 12 symbols is at -54 dB; the gain of 16 symbols adds as much again
    assert error_db.max() < -49


# --- references


def test_carrier_phases_are_uniform(link):
    link = replace(link, symbols_per_example=8, phase_offset="uniform")
    upright, turned = (
        observe(MODULATIONS["BPSK"], 0.0, one, generators(*range(400)))[1]
        for one in (replace(link, phase_offset="none"), link)
    )
    turns = np.angle(np.sum(turned * upright.conj(), axis=1)) / (2 * np.pi) % 1
    for harmonic in (1, 2, 4):
        assert abs(np.mean(np.exp(2j * np.pi * harmonic * turns))) < 4 / np.sqrt(400)


@pytest.mark.parametrize("samples_per_symbol", [2, 4, 8])
def test_transmit_sends_the_guard_symbols_too(samples_per_symbol, link):
    link = replace(link, samples_per_symbol=samples_per_symbol)
    waveform = transmit(MODULATIONS["GMSK"], link, generators(1, 2))
    sent = link.symbols_per_example + 2 * link.guard_symbols
    assert waveform.shape == (2, sent * samples_per_symbol)
    assert receive(waveform, link).shape == (2, link.symbols_per_example)


# --- edges


def test_an_snr_of_a_public_data_set_cannot_be_synthesised(link):
    with pytest.raises(UnitError, match="'symbol' or 'sample', got 'dataset'"):
        observe(MODULATIONS["QPSK"], 0.0, replace(link, snr_reference="dataset"), generators(1))


def test_offset_needs_an_even_oversampling(link):
    with pytest.raises(RecipeError, match="got 3"):
        transmit(MODULATIONS["OQPSK"], replace(link, samples_per_symbol=3), generators(1))


def test_a_waveform_of_nothing_is_received_as_nothing(link):
    sent = link.symbols_per_example + 2 * link.guard_symbols
    silence = np.zeros((2, sent * link.samples_per_symbol), np.complex64)
    assert not receive(silence, link).any()
