"""The message and the analogue modulators: bands, power, envelopes, and the message back."""

from functools import partial

import numpy as np
import pytest
from scipy.signal.windows import blackman
from scipy.stats import kstest

from rfmae.errors import RecipeError
from rfmae.signal.analog import (
    double_sideband_carrier,
    double_sideband_suppressed,
    frequency_modulate,
    single_sideband,
    single_sideband_carrier,
    speech_like,
)
from rfmae.units import ratio_to_db

BANDWIDTH = 0.05  # turns per sample; syllables last 850 / 0.05 = 17 000 samples
FRAME = (40, 4096)  # 40 messages of some 200 periods of the band edge

AMPLITUDE = {
    "DSB-SC": double_sideband_suppressed,
    "DSB-WC": partial(double_sideband_carrier, modulation_index=0.8),
    "USB": partial(single_sideband, upper=True),
    "LSB": partial(single_sideband, upper=False),
    "USB-WC": partial(single_sideband_carrier, modulation_index=0.8, upper=True),
    "LSB-WC": partial(single_sideband_carrier, modulation_index=0.8, upper=False),
}
FREQUENCY = {
    "NBFM": partial(frequency_modulate, deviation_turns_per_sample=0.25 * BANDWIDTH),
    "WBFM": partial(frequency_modulate, deviation_turns_per_sample=1.7 * BANDWIDTH),
}
EVERY = AMPLITUDE | FREQUENCY

every_modulator = pytest.mark.parametrize("modulate", EVERY.values(), ids=EVERY)
every_amplitude = pytest.mark.parametrize("modulate", AMPLITUDE.values(), ids=AMPLITUDE)


@pytest.fixture
def message(rng):
    return speech_like(*FRAME, BANDWIDTH, rng)


def spectrum(signal):
    """Frequencies, ascending, and the mean share of the power at each, seen through a window."""
    samples = signal.shape[-1]
    # the window's side lobes lie below -58 dB and its main lobe is six bins wide
    power = np.mean(np.abs(np.fft.fft(signal * blackman(samples))) ** 2, axis=0)
    frequencies = np.fft.fftfreq(samples)
    order = np.argsort(frequencies)
    return frequencies[order], (power / power.sum())[order]


def share_db(signal, lowest, highest):
    frequencies, power = spectrum(signal)
    inside = (frequencies >= lowest) & (frequencies <= highest)
    return ratio_to_db(power[inside].sum())


# --- the message


@pytest.mark.parametrize("bandwidth", [0.01, 0.05, 0.3, 0.5])
def test_a_message_has_unit_power_in_the_ensemble(bandwidth, rng):
    message = speech_like(3000, 64, bandwidth, rng)
    assert message.shape == (3000, 64)
    assert message.dtype == np.float64
    # four widths of 3000 powers whose fourth moment is about four
    assert np.mean(message**2) == pytest.approx(1.0, abs=4 * np.sqrt(3 / 3000))
    assert abs(np.mean(message)) < 4 / np.sqrt(3000)


@pytest.mark.parametrize("bandwidth", [0.02, 0.05, 0.3])
def test_a_message_stays_within_300_to_3400_of_3400_hz(bandwidth, rng):
    message = speech_like(*FRAME, bandwidth, rng)
    resolution = 4 / FRAME[1]  # half the main lobe of the window, and the syllables
    lowest, highest = 0.09 * bandwidth - resolution, bandwidth + resolution
    assert share_db(message, -lowest, lowest) < -50
    assert share_db(message, highest, 0.5) < -50
    assert share_db(message, lowest, highest) > ratio_to_db(0.4999)  # the other half is below zero


def test_the_spectrum_falls_nine_decibels_an_octave_above_the_corner(rng):
    frequencies, power = spectrum(speech_like(400, 4096, BANDWIDTH, rng))

    def density_db(lowest, highest):
        inside = (frequencies > lowest * BANDWIDTH) & (frequencies < highest * BANDWIDTH)
        return ratio_to_db(power[inside].mean())

    # 0.23 dB wide over seeds, so 0.9 dB is four widths
    assert density_db(0.11, 0.125) - density_db(0.13, 0.145) == pytest.approx(0, abs=0.9)
    assert density_db(0.2, 0.22) - density_db(0.4, 0.44) == pytest.approx(9.03, abs=0.9)
    assert density_db(0.4, 0.44) - density_db(0.8, 0.88) == pytest.approx(9.03, abs=0.9)


def test_a_message_is_gaussian_once_its_loudness_is_known(rng):
    # at sample 0 the loudness has a uniform phase; the mixture's fourth moment is known:
    # 3·E[a⁴] with a = (1 + cos/2)/√1.125
    phases = 2 * np.pi * np.arange(4096) / 4096
    fourth = np.mean((1 + 0.5 * np.cos(phases)) ** 4) / 1.125**2
    first = speech_like(40_000, 2, 0.1, rng)[:, 0]
    # four widths of 40 000 messages
    assert np.mean(first**4) / np.mean(first**2) ** 2 == pytest.approx(3 * fourth, rel=0.1)
    assert abs(np.mean(first**3)) < 0.15
    # and its law is that of independent normal numbers times that loudness
    loudness = (1 + 0.5 * np.cos(2 * np.pi * rng.random(40_000))) / np.sqrt(1.125)
    assert kstest(first, loudness * rng.standard_normal(40_000)).pvalue > 1e-3


def test_the_loudness_swings_by_half_at_the_rate_of_syllables(rng):
    bandwidth = 0.4
    period = round(850 / bandwidth)
    message = speech_like(200, 4 * period, bandwidth, rng)
    # the power of each message over time: (1 + cos/2)²/1.125 has a line at the syllable rate
    lines = np.fft.rfft(message**2, axis=-1)[:, 4] / message.shape[-1]
    at_rate = np.mean(np.abs(lines) ** 2)
    # its amplitude is 1/1.125 for a cosine, so half of that in a bin, and the noise's own power
    assert np.sqrt(at_rate) == pytest.approx(0.5 / 1.125, rel=0.1)


def test_the_ends_of_a_message_do_not_meet(rng):
    message = speech_like(500, 512, BANDWIDTH, rng)
    inner = np.mean((message[:, 1:] - message[:, :-1]) ** 2)
    seam = np.mean((message[:, 0] - message[:, -1]) ** 2)
    assert seam > 20 * inner


@pytest.mark.parametrize("samples", [1, 37, 512])
@pytest.mark.parametrize("bandwidth", [0.02, 0.31])
def test_the_first_messages_are_the_same_whatever_the_count(samples, bandwidth):
    def messages(count):
        return speech_like(count, samples, bandwidth, np.random.default_rng(5))

    many = messages(9)
    for count in (1, 2, 5):
        assert np.array_equal(messages(count), many[:count])
    assert not np.array_equal(many[0], many[1])


# --- every modulator


@every_modulator
def test_every_waveform_has_unit_power(modulate, rng):
    waveform = modulate(speech_like(3000, 128, BANDWIDTH, rng))
    assert waveform.dtype == np.complex64
    # four widths of 3000 messages, and what the clipping takes
    assert np.mean(np.abs(waveform) ** 2) == pytest.approx(1.0, abs=4 * np.sqrt(3 / 3000))


@every_modulator
def test_the_first_waveforms_are_the_same_whatever_the_count(modulate, message):
    assert np.array_equal(modulate(message[:3]), modulate(message)[:3])


@every_amplitude
def test_amplitude_modulation_keeps_the_band_of_the_message(modulate, message):
    waveform, edge = modulate(message), BANDWIDTH + 4 / FRAME[1]
    assert share_db(waveform, edge, 0.5) < -40
    assert share_db(waveform, -0.5, -edge) < -40


@pytest.mark.parametrize("name", FREQUENCY)
def test_frequency_modulation_keeps_carsons_rule(name, message):
    deviation = EVERY[name].keywords["deviation_turns_per_sample"]
    # the message seldom exceeds three times its rms
    half_band = 3 * deviation + BANDWIDTH
    waveform = EVERY[name](message)
    assert share_db(waveform, -half_band, half_band) > ratio_to_db(0.99)
    assert share_db(waveform, -deviation, deviation) < ratio_to_db(0.97)


# --- amplitude


def test_a_suppressed_carrier_leaves_the_message_alone(message):
    waveform = double_sideband_suppressed(message)
    np.testing.assert_allclose(waveform.real, message, rtol=1e-6)  # float32
    assert not waveform.imag.any()
    assert share_db(waveform, -0.05 * BANDWIDTH, 0.05 * BANDWIDTH) < -50


@pytest.mark.parametrize("index", [0.2, 0.8, 1.0])
@pytest.mark.parametrize("modulate", [double_sideband_carrier, single_sideband_carrier])
def test_the_carrier_has_the_share_of_the_power_that_the_index_leaves(modulate, index, rng):
    message = speech_like(400, 4096, BANDWIDTH, rng)
    waveform = modulate(message, index)
    # the message swings the carrier by a quarter of the index; one sideband and its transform
    # have twice the power of the message
    swung = (index / 4) ** 2 * (2 if modulate is single_sideband_carrier else 1)
    carrier = np.abs(np.mean(waveform)) ** 2
    assert carrier == pytest.approx(1 / (1 + swung), rel=0.005)  # float32 and the frame's length


@pytest.mark.parametrize("index", [0.3, 1.0])
def test_an_envelope_detector_hears_the_message_of_a_full_carrier(index, message):
    waveform = double_sideband_carrier(message, index)
    assert waveform.real.min() >= 0  # never over-modulated, peaks being clipped
    assert not waveform.imag.any()
    envelope = np.abs(waveform)
    assert np.corrcoef(envelope.ravel(), message.ravel())[0, 1] > 0.999  # but for the clipping


def test_the_index_is_reached_where_the_message_is_four_times_its_rms():
    peaks = np.array([[-9.0, -4.0, 0.0, 4.0, 9.0]])
    amplitude = double_sideband_carrier(peaks, 0.8).real
    np.testing.assert_allclose(amplitude / amplitude[0, 2], [[0.2, 0.2, 1, 1.8, 1.8]], rtol=1e-6)


# --- one sideband


@pytest.mark.parametrize("samples", [255, 1024, 4096])
@pytest.mark.parametrize("upper", [True, False])
def test_the_other_sideband_is_suppressed_by_40_db(samples, upper, rng):
    waveform = single_sideband(speech_like(40, samples, 0.2, rng), upper=upper)
    sign = 1 if upper else -1
    lowest, highest = 0.09 * 0.2 - 3 / samples, 0.5
    wanted = share_db(waveform, *sorted((sign * lowest, sign * highest)))
    other = share_db(waveform, *sorted((-sign * lowest, -sign * highest)))
    assert wanted > ratio_to_db(0.97)
    assert other < -40


@pytest.mark.parametrize("samples", [64, 65])
def test_a_tone_of_the_message_becomes_one_tone(samples):
    turns = 7 * np.arange(samples)[None, :] / samples
    tone = np.sqrt(2) * np.cos(2 * np.pi * turns)
    upper, lower = single_sideband(tone), single_sideband(tone, upper=False)
    np.testing.assert_allclose(upper, np.exp(2j * np.pi * turns), atol=1e-6)  # float32
    np.testing.assert_allclose(lower, upper.conj())


@pytest.mark.parametrize("upper", [True, False])
def test_the_in_phase_part_of_one_sideband_is_the_message(upper, message):
    alone = single_sideband(message, upper=upper)
    np.testing.assert_allclose(alone.real * np.sqrt(2), message, atol=2e-6)  # float32
    with_carrier = single_sideband_carrier(message, 0.8, upper=upper).real.astype(float)
    both_sidebands = double_sideband_carrier(message, 0.8).real.astype(float)
    gain = np.sqrt((1 + 0.2**2) / (1 + 2 * 0.2**2))
    np.testing.assert_allclose(with_carrier, both_sidebands * gain, atol=2e-6)


# --- frequency


@pytest.mark.parametrize("modulate", FREQUENCY.values(), ids=FREQUENCY)
def test_frequency_modulation_has_a_constant_envelope(modulate, message):
    assert np.abs(np.abs(modulate(message)) - 1).max() < 2e-7  # float32


@pytest.mark.parametrize("deviation", [0.001, 0.0125, 0.085])
def test_the_steps_of_the_phase_are_the_message(deviation, message):
    waveform = frequency_modulate(message, deviation).astype(complex)
    steps = np.angle(waveform[:, 1:] * waveform[:, :-1].conj()) / (2 * np.pi)
    within = np.abs(deviation * message[:, 1:]) < 0.5  # half a turn a sample: beyond, it folds
    assert within.mean() > 0.999
    # float32 phases, in turns
    np.testing.assert_allclose(steps[within], deviation * message[:, 1:][within], atol=1e-7)


def test_the_deviation_is_the_rms_frequency(rng):
    message = speech_like(3000, 64, BANDWIDTH, rng)
    waveform = frequency_modulate(message, 0.02).astype(complex)
    steps = np.angle(waveform[:, 1:] * waveform[:, :-1].conj()) / (2 * np.pi)
    assert np.sqrt(np.mean(steps**2)) == pytest.approx(0.02, rel=0.06)  # as of its power


# --- edges


@pytest.mark.parametrize("bandwidth", [0.0, -0.1, 0.51, float("nan")])
def test_a_bandwidth_that_no_sampling_holds_is_refused(bandwidth, rng):
    with pytest.raises(RecipeError, match=r"bandwidth of a message must lie in \(0, 0.5\].*got"):
        speech_like(2, 64, bandwidth, rng)


def test_one_sample_of_no_messages_is_an_empty_batch(rng):
    message = speech_like(0, 16, BANDWIDTH, rng)
    assert message.shape == (0, 16)
    assert all(modulate(message).shape == (0, 16) for modulate in EVERY.values())
