"""Published signals are those of the public generator: its alphabets, its GMSK, its noise."""

import dataclasses
import itertools

import numpy as np
import pytest
from scipy.stats import chisquare

from rfmae.errors import RecipeError
from rfmae.signal.bits import random_bits
from rfmae.signal.impairments import Channel, Fading, Impulses
from rfmae.signal.link import Link
from rfmae.signal.modulations import identical_classes
from rfmae.signal.published_signals import (
    PUBLISHED,
    check_published,
    find_published,
    observe_published,
)
from rfmae.signal.pulses import Pulse
from rfmae.signal.receiver import Receiver

NO_NOISE_DB = 200.0
SLIP_RADIANS = 1e-4  # of the phase, from sample to sample and on the whole

# what the generator sends, amplitudes as it writes them, and their mean power
ALPHABETS = {
    "16PAM": (range(-15, 16, 2), 85),
    "4ASK": ((-3, -1, 1, 3), 5),
    "4PAM": ((-3, -1, 1, 3), 5),
    "8ASK": (range(-7, 8, 2), 21),
    "CPFSK": ((1j, -1j), 1),
    "DQPSK": ((1, 1j, -1, -1j), 1),
    "GFSK": ((1j, -1j), 1),
    "OOK": ((0, 1), 0.5),
    "OQPSK": (np.exp(2j * np.pi * np.arange(4) / 4 + np.pi / 4), 4.81),
}

every_class = pytest.mark.parametrize("name", PUBLISHED)
every_alphabet = pytest.mark.parametrize("name", ALPHABETS)


@pytest.fixture
def link():
    return Link(
        symbols_per_example=256,
        samples_per_symbol=8,
        channel=Channel(snr="0", snr_reference="sample", phase_offset_turns="none"),
        pulse=Pulse("rectangular"),
        receiver=Receiver("waveform"),
    )


def seen(name, snr_db, link, count, streams):
    """Observed and clean as the generator has them: its own number of samples a symbol."""
    views = observe_published(PUBLISHED[name], snr_db, link, count, streams).views["waveform"]
    step = 1 if name == "GMSK" else 8
    return tuple(iq[:, ::step].astype(complex) for iq in views)


def power_of(iq):
    return np.mean(np.abs(iq) ** 2, axis=1)


def with_channel(link, **settings):
    return dataclasses.replace(link, channel=dataclasses.replace(link.channel, **settings))


# --- what is sent


@every_alphabet
def test_the_points_are_those_of_the_generator_each_as_often_as_the_others(name, link, streams):
    points, power = ALPHABETS[name]
    _, clean = seen(name, 0.0, link, 40, streams)
    places = np.abs(clean[..., None] - np.array([*points], complex))
    # the phase slips by 0.03 rad at the end of the worst of 40 short frames, at radius 15
    assert places.min(axis=-1).max() < 15 * 0.1
    counts = np.bincount(places.argmin(axis=-1).ravel(), minlength=len([*points]))
    assert chisquare(counts).pvalue > 1e-3  # the seed is fixed
    spread = np.std(np.abs(np.array([*points])) ** 2)
    assert np.mean(power_of(clean)) == pytest.approx(power, abs=4 * spread / 100 + 0.003)


@every_alphabet
def test_the_table_names_the_amplitudes_as_they_are_sent(name):
    points, power = ALPHABETS[name]
    row = PUBLISHED[name]
    assert sorted(np.round(row.alphabet, 5), key=lambda z: (z.real, z.imag)) == sorted(
        np.round(np.array([*points], np.complex64), 5), key=lambda z: (z.real, z.imag)
    )
    assert np.mean(np.abs(row.points) ** 2) == pytest.approx(power, abs=0.005)  # as it is printed


def test_labels_follow_the_alphabet_of_the_names():
    assert [*PUBLISHED] == sorted([*ALPHABETS, "GMSK"])


@every_alphabet
def test_one_sample_of_a_symbol_is_held_for_eight(name, link, streams):
    for iq in observe_published(PUBLISHED[name], 0.0, link, 3, streams).views["waveform"]:
        held = iq.reshape(3, 256, 8)
        assert np.array_equal(held, np.broadcast_to(held[..., :1], held.shape))
        assert len(np.unique(held[0, :, 0])) == 256 or name == "OOK"  # zeros are alike


def test_symbols_are_independent_of_those_before(link, streams):
    _, clean = seen("DQPSK", 0.0, link, 40, streams)
    quarter = np.rint(np.angle(clean) / (np.pi / 2)).astype(int) % 4
    pairs = np.bincount((4 * quarter[:, 1:] + quarter[:, :-1]).ravel(), minlength=16)
    assert chisquare(pairs).pvalue > 1e-3


def test_two_pairs_of_classes_send_the_very_same(link, streams):
    sent = {name: observe_published(PUBLISHED[name], 3.0, link, 2, streams) for name in PUBLISHED}
    alike = [
        pair
        for pair in itertools.combinations(PUBLISHED, 2)
        if np.array_equal(*(np.stack(sent[name].views["waveform"]) for name in pair))
    ]
    assert alike == [("4ASK", "4PAM"), ("CPFSK", "GFSK")] == identical_classes(PUBLISHED.values())


# --- GMSK


def gmsk_as_described(bits):
    """Phase in radians of a row of bits, step by step as the generator is described."""
    t = np.arange(-32, 33) / 8
    taps = np.sinc(t) * (0.54 + 0.46 * np.cos(np.pi * t / 4))
    frequency = np.convolve(np.repeat(bits, 8), taps / np.sum(taps), mode="same")
    return np.cumsum(frequency) * np.pi * 0.5


def test_gmsk_is_what_the_generator_makes_of_the_same_bits(link, streams):
    _, clean = seen("GMSK", 0.0, link, 5, streams)
    bits = random_bits(5 * 256, streams("bits")).reshape(5, 256).astype(float)
    for row, sent in zip(bits, clean, strict=True):
        left = np.unwrap(np.angle(sent * np.exp(-1j * gmsk_as_described(row))))
        line = np.polyval(np.polyfit(np.arange(2048), left, 1), np.arange(2048))
        # what is left is the jitter, and the slope that the line took away
        assert np.std(left - line) == pytest.approx(SLIP_RADIANS, rel=0.1)
        assert np.abs(line).max() < 5 * 2048 * SLIP_RADIANS


def test_gmsk_fills_the_unit_circle_with_a_brighter_arc(link, streams):
    longer = dataclasses.replace(link, symbols_per_example=1024)
    _, clean = seen("GMSK", 0.0, longer, 4, streams)
    assert clean.shape == (4, 8192)
    assert np.abs(clean) == pytest.approx(1, abs=1e-6)
    for row in clean:
        counts, _ = np.histogram(np.angle(row), bins=64, range=(-np.pi, np.pi))
        assert counts.min() > 0
        assert counts.max() > 3 * np.median(counts)


# --- the phase


@pytest.mark.parametrize("name", ["DQPSK", "OQPSK"])
def test_the_phase_jitters_and_slopes_in_both_twins(name, link, streams):
    observed, clean = seen(name, NO_NOISE_DB, link, 600, streams)
    assert np.abs(observed - clean).max() < 1e-6
    phase = np.angle((clean / np.abs(clean)) ** 4) / 4
    k = np.arange(256)
    slope, offset = np.polyfit(k, phase.T, 1)
    jitter = phase - slope[:, None] * k - offset[:, None]
    assert np.std(jitter) == pytest.approx(SLIP_RADIANS, rel=0.02)
    # of 600 numbers, and the jitter adds a thousandth; nothing stands at the start of a frame
    assert np.std(slope) == pytest.approx(SLIP_RADIANS, rel=4 / np.sqrt(2 * 600))
    assert np.abs(offset).max() < 6 * SLIP_RADIANS * 2 / np.sqrt(256)


# --- the noise


@every_class
@pytest.mark.parametrize("snr_db", [-10.0, 0.0, 7.0])
def test_noise_is_white_and_as_strong_as_the_class_is(name, snr_db, link, streams):
    observed, clean = seen(name, snr_db, link, 40, streams)
    noise = observed - clean
    count = noise.size
    measured = np.mean(np.abs(noise) ** 2 / power_of(clean)[:, None]) * 10 ** (snr_db / 10)
    assert measured == pytest.approx(1, abs=4 / np.sqrt(count))  # |n|² of unit power varies by 1
    unit = noise / np.sqrt(np.mean(np.abs(noise) ** 2))
    assert abs(np.mean(unit**2)) < 5 / np.sqrt(count)
    assert abs(np.mean(unit[:, 1:] * unit[:, :-1].conj())) < 5 / np.sqrt(count)
    sent = clean / np.sqrt(np.mean(np.abs(clean) ** 2))
    assert abs(np.mean(unit * sent.conj())) < 5 / np.sqrt(count)


def test_noise_follows_the_power_of_the_very_frame(link, streams):
    short = dataclasses.replace(link, symbols_per_example=16)
    observed, clean = seen("OOK", 0.0, short, 4000, streams)
    powers, noise = power_of(clean), power_of(observed - clean)
    for some in (powers < 0.4, powers > 0.6):
        ratio = np.mean(noise[some]) / np.mean(powers[some])
        assert ratio == pytest.approx(1, abs=4 / np.sqrt(16 * some.sum()) * 1.2)


def test_an_offset_moves_the_noise_of_each_example(link, streams):
    moved = with_channel(link, snr_offset_db=(-6.0, 6.0))
    made = observe_published(PUBLISHED["16PAM"], 5.0, moved, 8, streams)
    offsets = made.sampled["snr_offset_db"]
    assert made.sampled.keys() == {"snr_offset_db"} == set(moved.channel.drawn_names)
    assert offsets.min() < -2 < 2 < offsets.max()
    for row, offset in enumerate(offsets):
        alone = observe_published(PUBLISHED["16PAM"], 5.0 + offset, link, 8, streams)
        for one, other in zip(made.views["waveform"], alone.views["waveform"], strict=True):
            assert np.allclose(one[row], other[row], atol=1e-4)  # float32 at amplitude 15


# --- addresses


@every_class
def test_the_first_examples_are_the_same_whatever_the_count(name, link, streams):
    odd = with_channel(dataclasses.replace(link, symbols_per_example=19), snr_offset_db=(-0.5, 0.5))
    few = observe_published(PUBLISHED[name], 1.0, odd, 3, streams)
    many = observe_published(PUBLISHED[name], 1.0, odd, 64, streams)
    for one, other in zip(few.views["waveform"], many.views["waveform"], strict=True):
        assert one.shape == (3, 19 * 8)
        assert one.dtype == np.complex64
        assert one.tobytes() == other[:3].tobytes()
    assert few.sampled["snr_offset_db"].tobytes() == many.sampled["snr_offset_db"][:3].tobytes()


@every_class
def test_other_streams_give_other_examples(name, link, streams_of):
    one, other = (seen(name, 1.0, link, 2, streams_of(seed))[1] for seed in (1, 2))
    assert not np.array_equal(one, other)
    assert not np.array_equal(one[0], one[1])


# --- what has no meaning is refused


def test_a_link_of_the_generator_is_accepted(link):
    check_published(link)
    check_published(with_channel(link, snr_offset_db=(-0.5, 0.5), snr="-9.5:9.5"))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"samples_per_symbol": 4}, r"write source\.samples_per_symbol = 8"),
        ({"pulse": Pulse()}, r'write source\.pulse = \{ shape = "rectangular" \}'),
        ({"receiver": Receiver()}, r'write source\.receiver = \{ observe = "waveform" \}'),
        ({"receiver": Receiver("waveform", phase="known")}, r"write source\.receiver = "),
    ],
    ids=str,
)
def test_a_link_that_the_generator_has_not_is_refused(settings, words, link):
    with pytest.raises(RecipeError, match=f"published signals have no choice here: {words}"):
        check_published(dataclasses.replace(link, **settings))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"snr_reference": "symbol"}, r'write source\.channel\.snr_reference = "sample"'),
        ({"phase_offset_turns": 0.1}, r'write source\.channel\.phase_offset_turns = "none"'),
        ({"phase_offset_turns": "uniform"}, "phase_offset_turns"),
        ({"clip_level_rms": 2.0}, r"leave out source\.channel\.clip_level_rms"),
        ({"timing_offset_symbols": "uniform"}, r"leave out source\.channel\.timing_offset"),
        ({"fading": Fading("rayleigh")}, r"leave out source\.channel\.fading"),
        ({"impulses": Impulses(0.1)}, r"leave out source\.channel\.impulses"),
    ],
    ids=str,
)
def test_an_effect_that_the_generator_has_not_is_refused(settings, words, link):
    with pytest.raises(RecipeError, match=f"published signals.*{words}"):
        check_published(with_channel(link, **settings))


@pytest.mark.parametrize("name", ["QPSK", "4ask", "OFDM-QPSK", ""])
def test_another_class_than_the_ten_is_refused(name):
    with pytest.raises(RecipeError, match=f"{name!r} is none of the ten published classes"):
        find_published(name)
