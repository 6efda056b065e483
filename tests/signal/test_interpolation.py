"""Values between the samples, against tones whose values everywhere are known."""

import numpy as np
import pytest

from rfmae.errors import ShapeError
from rfmae.signal.channel import white_noise
from rfmae.signal.interpolation import HALF_TAPS, delay, drift, interpolate

SAMPLES = 300
INSIDE = slice(2 * HALF_TAPS, -2 * HALF_TAPS)  # where the ends are out of reach
PROMISE = 10 ** (-70 / 20)

EFFECTS = {
    "interpolate": lambda iq, each: interpolate(iq, np.arange(90) * (0.7 + 0.1 * each[:, None])),
    "delay": lambda iq, each: delay(iq, 1.3 * each),
    "drift": lambda iq, each: drift(iq, 200.0 * each),
}
"""Each with another setting for each example, whole samples among them."""

every_tone = pytest.mark.parametrize("frequency", [0.0, 0.01, 0.1, -0.25, 0.33, 0.4, -0.4])


def tone(frequency, t):
    return np.exp(2j * np.pi * frequency * np.asarray(t, np.float64))


def tones(frequency, count=1):
    return np.tile(tone(frequency, np.arange(SAMPLES)), (count, 1)).astype(np.complex64)


# --- laws


@every_tone
def test_a_tone_is_known_at_every_instant(frequency, rng):
    instants = rng.uniform(HALF_TAPS, SAMPLES - HALF_TAPS - 1, (2, 700))
    values = interpolate(tones(frequency, 2), instants)
    assert np.abs(values - tone(frequency, instants)).max() < PROMISE


@pytest.mark.parametrize("offset", [0.5, -0.5, 0.01, 3.7, -12.2, 1 / 3])
@every_tone
def test_a_delayed_tone_is_the_tone_of_earlier(frequency, offset):
    late = delay(tones(frequency), offset)[0]
    expected = tone(frequency, np.arange(SAMPLES) - offset)
    assert np.abs(late - expected)[INSIDE].max() < PROMISE


@pytest.mark.parametrize("ppm", [50.0, -300.0, 10_000.0])
@pytest.mark.parametrize("fixed_sample", [0, 120])
@every_tone
def test_a_drifting_clock_stretches_a_tone(frequency, fixed_sample, ppm):
    t = np.arange(SAMPLES) - fixed_sample
    drifted = drift(tones(frequency), ppm, fixed_sample)[0]
    expected = tone(frequency, fixed_sample + t * (1 + ppm * 1e-6))
    assert np.abs(drifted - expected)[INSIDE].max() < PROMISE


@pytest.mark.parametrize("effect", EFFECTS.values(), ids=EFFECTS)
def test_examples_together_are_examples_alone(effect, rng):
    iq, each = white_noise((5, 90), 1.0, rng), np.arange(5.0)
    together = effect(iq, each)
    for n in range(5):
        # to the last bit: fading over several paths counts on it
        assert np.array_equal(together[n : n + 1], effect(iq[n : n + 1], each[n : n + 1]))


@pytest.mark.parametrize("effect", EFFECTS.values(), ids=EFFECTS)
def test_no_effect_changes_its_input(effect, rng):
    iq = white_noise((3, 90), 1.0, rng)
    before = iq.copy()
    after = effect(iq, np.arange(3.0))
    assert np.array_equal(iq, before)
    assert after.dtype == np.complex64
    assert not np.shares_memory(after, iq)


@pytest.mark.parametrize("offset", [0, 1, 7, 63, -5])
def test_whole_samples_move_as_they_are(offset, rng):
    iq = white_noise((2, 64), 1.0, rng)
    expected = np.zeros_like(iq)
    if offset >= 0:
        expected[:, offset:] = iq[:, : 64 - offset]
    else:
        expected[:, :offset] = iq[:, -offset:]
    assert np.array_equal(delay(iq, offset), expected)


def test_a_delay_can_be_taken_back(rng):
    t = np.arange(SAMPLES)
    wide = sum(np.exp(2j * np.pi * (f * t + rng.random())) for f in np.linspace(-0.4, 0.4, 17))
    iq = (wide / np.sqrt(17))[None].astype(np.complex64)
    back = delay(delay(iq, 4.37), -4.37)
    assert np.abs(back - iq)[:, INSIDE].max() < 4 * PROMISE  # up to √17 high, filtered twice


def test_one_filter_and_the_table_agree(rng):
    iq = tones(0.37)
    t = np.arange(2 * HALF_TAPS, SAMPLES - 2 * HALF_TAPS) + 0.71
    alike = interpolate(iq, t[None])
    # one stray instant at the end sends the row to the table
    mixed = interpolate(iq, np.append(t, 100.5)[None])[:, :-1]
    assert not np.array_equal(alike, mixed)
    assert np.abs(alike - mixed).max() < PROMISE


def test_a_delay_of_an_impulse_is_a_sinc_in_its_middle():
    impulse = np.zeros((1, 65), np.complex64)
    impulse[0, 32] = 1
    late = delay(impulse, 0.5)[0]
    # the window takes little off the nearest samples
    np.testing.assert_allclose(late[32:34].real, np.sinc([-0.5, 0.5]), atol=0.005)
    assert np.array_equal(late[1:33], late[:32:-1])  # symmetric about 32.5


# --- edges


@pytest.mark.parametrize("instant", [-1e12, -40.0, -16.5, SAMPLES + 15.01, SAMPLES + 99.0, 1e12])
def test_beyond_the_ends_there_is_nothing(instant):
    for others in ([], [3.25]):  # by one filter and by the table
        values = interpolate(tones(0.1), np.array([[instant, *others]]))
        assert values[0, 0] == 0


def test_just_outside_the_ends_the_signal_fades_out():
    near = interpolate(np.ones((1, 100), np.complex64), np.array([[-0.5, 99.5, 0.3]]))[0]
    np.testing.assert_allclose(near[:2], 0.5, atol=1e-4)  # half of the taps see the signal


def test_whole_instants_pick_samples(rng):
    iq = white_noise((2, 50), 1.0, rng)
    picked = interpolate(iq, np.array([[3, 49, 0], [7, 7, 20]]))
    assert np.array_equal(picked, np.stack([iq[0, [3, 49, 0]], iq[1, [7, 7, 20]]]))


def test_a_still_clock_among_drifting_ones_changes_nothing(rng):
    iq = white_noise((2, 200), 1.0, rng)
    drifted = drift(iq, [0.0, 40.0])
    assert np.array_equal(drifted[0], iq[0])
    assert not np.array_equal(drifted[1], iq[1])


def test_no_instants_have_no_values():
    assert interpolate(tones(0.1, 2), np.zeros((2, 0))).shape == (2, 0)


@pytest.mark.parametrize("samples", [1, 31, 32, 33, 255, 256, 257, 1000])
def test_every_length_is_delayed_alike(samples):
    iq = np.ones((1, samples), np.complex64)
    direct = np.sum(
        np.sinc(np.arange(samples)[:, None] - 0.5 - np.arange(-40, samples + 40)[None, :])
        * (np.arange(-40, samples + 40) >= 0)
        * (np.arange(-40, samples + 40) < samples),
        axis=1,
    )
    late = delay(iq, 0.5)[0]
    assert late.shape == (samples,)
    # a sinc without window rings on for longer than 32 taps
    np.testing.assert_allclose(late, direct, atol=0.03)


def test_instants_of_other_examples_are_refused():
    with pytest.raises(ShapeError, match=r"\(2, T'\).*got \(3, 4\)"):
        interpolate(tones(0.1, 2), np.zeros((3, 4)))


def test_instants_must_be_numbers():
    with pytest.raises(ShapeError, match="finite"):
        interpolate(tones(0.1), np.array([[0.0, np.nan]]))
