"""Defects of a receiver are taken away and told; what may be a signal stays."""

import numpy as np
import pytest

from rfmae.errors import ShapeError
from rfmae.signal.cleaning import clean, converter_step


def noise(rng, count, power=1.0):
    values = rng.normal(size=(2, count)) * np.sqrt(power / 2)
    return (values[0] + 1j * values[1]).astype(np.complex64)


def unchanged(iq):
    found = clean(iq)
    np.testing.assert_array_equal(found.iq, iq.astype(np.complex64))
    return found.notes == () and found.live == (range(len(iq)),)


@pytest.mark.parametrize("fill", [0, 0.3 - 2j, np.nan, np.inf * 1j])
def test_dead_stretches_are_zeroed_and_told(rng, fill):
    iq = noise(rng, 5000)
    iq[1000:1700] = fill
    found = clean(iq)
    assert found.live == (range(1000), range(1700, 5000))
    assert not found.iq[1000:1700].any() and len(found.notes) == 1
    assert found.notes[0].startswith("left out: 700 of 5,000 samples (14 %)")
    np.testing.assert_array_equal(found.iq[:1000], iq[:1000])


def test_a_recording_of_nothing_has_nothing_live():
    found = clean(np.full(1000, np.nan))
    assert found.live == () and not found.iq.any()
    assert clean(np.zeros(0)).live == ()


@pytest.mark.parametrize("points", [[0, 1], [1, -1], [1, 1j, -1, -1j], [0.7 + 0.7j, -0.7 - 0.7j]])
@pytest.mark.parametrize("samples_per_symbol", [1, 8])
def test_constellations_without_noise_are_no_defects(rng, points, samples_per_symbol):
    assert unchanged(rng.choice(points, 4000).repeat(samples_per_symbol))


def test_256qam_without_noise_is_not_clipped(rng):
    levels = np.arange(-15, 16, 2) / 15
    assert unchanged(rng.choice(levels, 8000) + 1j * rng.choice(levels, 8000))


@pytest.mark.parametrize("spread", [0.2, 0.4, 1.0, 3.0])
def test_an_idle_converter_is_no_defect(rng, spread):
    iq = np.round(noise(rng, 20000, 2.0) * spread) / 128
    assert unchanged(iq)


@pytest.mark.parametrize("amplitude", [0.9, 3.0])
def test_an_overdriven_converter_is_told(rng, amplitude):
    iq = amplitude * noise(rng, 20000)
    iq = np.clip(np.round(iq.real * 128), -128, 127) + 1j * np.clip(
        np.round(iq.imag * 128), -128, 127
    )
    found = clean(iq / 128)
    assert any("clipped" in note for note in found.notes)
    assert (len(found.live) < 1 or found.live != (range(20000),)) == (amplitude > 2)


def test_one_clipped_component_keeps_the_phase(rng):
    turns = np.exp(2j * np.pi * np.cumsum(rng.choice([-0.02, 0.02], 20000)))
    parts = np.clip(np.round([1.3 * turns.real * 128, 1.3 * turns.imag * 128]), -128, 127)
    found = clean((parts[0] + 1j * parts[1]) / 128)
    assert found.live == (range(20000),) and "clipped" in found.notes[0]


def test_an_offset_of_the_converter_is_removed(rng):
    iq = noise(rng, 20000) + np.complex64(0.6 - 0.2j)
    found = clean(iq)
    assert found.notes == ("removed: a DC offset, 5 dB below the power of the recording",)
    assert abs(found.iq.mean()) < 1e-3


@pytest.mark.parametrize("kind", ["OOK of one sample a symbol", "OOK at zero", "AM at zero"])
def test_the_carrier_of_a_signal_at_zero_stays(rng, kind):
    keyed = rng.choice([0.0, 1.0], 20000)
    voice = np.convolve(rng.normal(size=20000), np.ones(40) / 40, "same")
    signal = {
        "OOK of one sample a symbol": keyed,
        "OOK at zero": keyed[:400].repeat(50),
        "AM at zero": 1 + voice,
    }[kind]
    assert unchanged(signal + noise(rng, 20000, 0.01))


def test_the_image_of_a_strong_signal_is_removed(rng):
    t = np.arange(40000)
    signal = np.repeat(rng.choice([1, 1j, -1, -1j], 5000), 8) * np.exp(2j * np.pi * 0.2 * t)
    clean_iq = (signal + noise(rng, 40000, 1e-3)).astype(np.complex64)
    ratio = 0.04 + 0.02j
    found = clean(clean_iq + ratio * clean_iq.conj())
    assert found.notes == ("removed: the image of an I/Q imbalance, -27 dB",)
    rest = found.iq / np.vdot(clean_iq, found.iq) * np.vdot(clean_iq, clean_iq) - clean_iq
    assert np.mean(np.abs(rest) ** 2) < 1e-5


@pytest.mark.parametrize("frequency", [0.0, 0.2])
def test_bpsk_is_no_imbalance(rng, frequency):
    carrier = np.exp(2j * np.pi * frequency * np.arange(32000))
    assert unchanged(rng.choice([1, -1], 4000).repeat(8) * carrier + noise(rng, 32000, 0.01))


def test_the_step_of_a_converter(rng):
    iq = noise(rng, 5000)
    assert converter_step(iq) == 0
    assert converter_step(np.round(iq * 20) / 128) == pytest.approx(1 / 128)


def test_other_shapes_are_refused():
    with pytest.raises(ShapeError, match=r"samples \(T,\)"):
        clean(np.zeros((2, 100)))


def test_single_samples_that_are_lost_interrupt_no_stretch():
    iq = (np.random.default_rng(5).standard_normal((20_000, 2)) @ [1, 1j]).astype(np.complex64)
    iq[::50] = np.nan
    found = clean(iq)
    assert found.live == (range(20_000),)
    assert not found.iq[::50].any() and np.isfinite(found.iq).all()
    assert "400 of 20,000 samples (2 %) are no finite numbers" in found.notes[0]
