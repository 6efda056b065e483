"""OFDM: the way back, the prefix, the sub-carriers and what the samples look like."""

from fractions import Fraction

import numpy as np
import pytest

from rfmae.errors import RecipeError, ShapeError, UnitError
from rfmae.signal.alphabets import psk, square_qam
from rfmae.signal.ofdm import demodulate_subcarriers, modulate_subcarriers
from rfmae.units import ratio_to_db

# active sub-carriers, fft_size, cyclic_prefix, samples per chip
SHAPES = [
    (52, 64, 16, 1),
    (52, 64, 16, 2),
    (52, 64, 16, Fraction(5, 4)),
    (52, 64, 8, 2.5),
    (48, 64, 16, Fraction(7, 8)),
    (62, 64, 0, 1),
    (2, 4, 4, 3),
    (300, 512, 36, 1.5),
]
every_shape = pytest.mark.parametrize(("active", "fft_size", "prefix", "rate"), SHAPES)


def random_symbols(rng, count, blocks, active, points=None):
    points = psk(4, 1 / 8) if points is None else points
    return rng.choice(points, (count, blocks, active)).astype(np.complex64)


# --- laws


@every_shape
def test_the_way_back_returns_the_symbols(active, fft_size, prefix, rate, rng):
    symbols = random_symbols(rng, 3, 5, active)
    waveform = modulate_subcarriers(symbols, fft_size, prefix, rate)
    assert waveform.shape == (3, 5 * (fft_size + prefix) * rate)
    assert waveform.dtype == np.complex64
    back = demodulate_subcarriers(waveform, active, fft_size, prefix, rate)
    assert back.dtype == np.complex64
    np.testing.assert_allclose(back, symbols, atol=2e-6)  # float32 samples


@every_shape
def test_the_prefix_is_the_end_of_its_block(active, fft_size, prefix, rate, rng):
    waveform = modulate_subcarriers(random_symbols(rng, 2, 4, active), fft_size, prefix, rate)
    blocks = waveform.reshape(2, 4, -1)
    begin, period = int(prefix * rate), int(fft_size * rate)
    assert np.array_equal(blocks[..., :begin], blocks[..., period:])


@every_shape
def test_every_waveform_has_unit_power(active, fft_size, prefix, rate, rng):
    blocks = 40_000 // active
    waveform = modulate_subcarriers(random_symbols(rng, 1, blocks, active), fft_size, prefix, rate)
    # exact over a period; the prefix weighs some samples twice, each wide by one
    width = np.sqrt(2 / blocks) * prefix / (fft_size + prefix)
    assert np.mean(np.abs(waveform) ** 2) == pytest.approx(1.0, abs=4 * width + 1e-5)


@pytest.mark.parametrize("carrier", [0, 1, 25, 26, 51])
def test_a_symbol_alone_is_one_tone_at_its_sub_carrier(carrier):
    symbols = np.zeros((1, 1, 52), np.complex64)
    symbols[0, 0, carrier] = 1j
    waveform = modulate_subcarriers(symbols, 64, 16, 2)[0]
    frequency = carrier - 26 if carrier < 26 else carrier - 25  # the centre is empty
    turns = (np.arange(160) - 32) * frequency / 128
    np.testing.assert_allclose(waveform, 1j * np.exp(2j * np.pi * turns) / np.sqrt(52), atol=1e-6)


def test_sub_carriers_do_not_hear_each_other():
    apart = np.eye(52, dtype=np.complex64)[:, None, :]
    waveforms = modulate_subcarriers(apart, 64, 16, 1)[:, 16:].astype(complex)
    gram = waveforms @ waveforms.conj().T
    np.testing.assert_allclose(gram, np.eye(52) * 64 / 52, atol=1e-6)  # float32


def test_a_delay_within_the_prefix_only_turns_the_sub_carriers(rng):
    symbols = random_symbols(rng, 1, 6, 52)
    waveform = modulate_subcarriers(symbols, 64, 16, 1)
    late = np.roll(waveform, 9, axis=-1)
    back = demodulate_subcarriers(late, 52, 64, 16, 1)
    frequencies = np.concatenate([np.arange(-26, 0), np.arange(1, 27)])
    turned = symbols * np.exp(-2j * np.pi * 9 * frequencies / 64)
    np.testing.assert_allclose(back, turned, atol=5e-6)  # float32


def test_the_first_waveforms_are_the_same_whatever_the_count(rng):
    symbols = random_symbols(rng, 7, 3, 52)
    many = modulate_subcarriers(symbols, 64, 16, 1.25)
    assert np.array_equal(modulate_subcarriers(symbols[:2], 64, 16, 1.25), many[:2])


# --- textbook numbers


@pytest.mark.parametrize("rate", [1, 2, 4])
def test_the_occupied_bandwidth_is_the_share_of_active_sub_carriers(rate, rng):
    waveform = modulate_subcarriers(random_symbols(rng, 1, 400, 52), 64, 16, rate)[0]
    power = np.abs(np.fft.fft(waveform)) ** 2
    frequencies = np.abs(np.fft.fftfreq(len(waveform))) * rate  # in turns per chip
    inside = power[frequencies <= 26.5 / 64].sum() / power.sum()
    # sinc tails of rectangular blocks; at one sample per chip they alias into a narrow band
    assert 0.97 < inside < 0.999
    # and the power reaches to the edge: half of it lies outside half the sub-carriers
    assert power[frequencies <= 13.5 / 64].sum() / power.sum() == pytest.approx(0.5, abs=0.02)


def test_samples_of_many_sub_carriers_are_gaussian(rng):
    symbols = random_symbols(rng, 1, 2000, 52, square_qam(16))
    waveform = modulate_subcarriers(symbols, 64, 0, 1)[0].astype(complex)
    in_phase = waveform.real * np.sqrt(2)
    # 128 000 samples: the fourth moment is 0.04 wide; 52 terms of kurtosis 1.68 lack 1.32/52
    assert np.mean(in_phase**4) == pytest.approx(3.0, abs=0.1)
    assert np.mean(np.abs(waveform) ** 4) == pytest.approx(2.0, abs=0.06)
    assert abs(np.mean(waveform**2)) < 0.02


def test_the_peak_power_is_exceeded_as_often_as_that_of_independent_samples(rng):
    blocks = modulate_subcarriers(random_symbols(rng, 1, 3000, 52), 64, 0, 1).reshape(3000, 64)
    peak_db = ratio_to_db(np.max(np.abs(blocks) ** 2, axis=-1))
    # P(peak > x) = 1 − (1 − exp(−x))^64: half of the blocks exceed 6.6 dB
    theory_db = ratio_to_db(-np.log(1 - 0.5 ** (1 / 64)))
    assert np.median(peak_db) == pytest.approx(theory_db, abs=0.3)  # 52 of 64 are independent


def test_the_prefix_shows_as_a_correlation_at_the_length_of_the_transform(rng):
    waveform = modulate_subcarriers(random_symbols(rng, 1, 500, 52), 64, 16, 1)[0].astype(complex)
    lags = np.array([20, 40, 63, 64, 65, 80, 90])
    correlation = np.array(
        [np.abs(np.mean(waveform[lag:] * waveform[:-lag].conj())) for lag in lags]
    )
    assert lags[correlation.argmax()] == 64
    assert correlation.max() == pytest.approx(16 / 80, abs=0.02)  # the share of the prefix
    without = modulate_subcarriers(random_symbols(rng, 1, 500, 52), 64, 0, 1)[0].astype(complex)
    assert np.abs(np.mean(without[64:] * without[:-64].conj())) < 0.03


# --- edges


@pytest.mark.parametrize(
    ("active", "fft_size", "prefix", "rate", "rule"),
    [
        (52, 64, 16, Fraction(9, 128), r"cyclic_prefix must be a whole number of samples, got 16"),
        (52, 64, 0, Fraction(4, 3), r"fft_size must be a whole .* got 64 chips of 4/3 samples"),
        (52, 64, 5, 2.5, r"cyclic_prefix must .* got 5 chips of 5/2 samples; .*multiple of 2"),
        (51, 64, 16, 1, r"must be even.*got 51"),
        (0, 64, 16, 1, r"at least 2.*got 0"),
        (64, 64, 16, 1, r"below fft_size 64.*got 64"),
        (52, 64, 16, 0.75, r"the 48 samples of a transform, got 52"),
        (52, 64, -1, 1, r"cyclic_prefix must lie in 0 to fft_size 64, got -1"),
        (52, 64, 65, 1, r"cyclic_prefix must lie in 0 to fft_size 64, got 65"),
    ],
)
def test_a_shape_that_is_no_ofdm_is_refused_both_ways(active, fft_size, prefix, rate, rule):
    with pytest.raises(RecipeError, match=rule):
        modulate_subcarriers(np.ones((1, 1, active), np.complex64), fft_size, prefix, rate)
    with pytest.raises(RecipeError, match=rule):
        demodulate_subcarriers(np.ones((1, 80), np.complex64), active, fft_size, prefix, rate)


def test_a_rate_that_is_no_small_fraction_is_refused():
    with pytest.raises(UnitError, match=r"denominator of at most 128, got 1.41421356"):
        modulate_subcarriers(np.ones((1, 1, 52), np.complex64), 64, 16, 2**0.5)


@pytest.mark.parametrize("samples", [1, 79, 81])
def test_a_waveform_of_broken_blocks_is_refused(samples):
    with pytest.raises(ShapeError, match=rf"whole blocks of 80 samples, got {samples}"):
        demodulate_subcarriers(np.ones((1, samples), np.complex64), 52, 64, 16, 1)
