"""Recordings are their own targets: as they are, or behind noise of a known power."""

import numpy as np
import pytest

from rfmae.artefacts import write_json
from rfmae.datasets.cards import imported_card
from rfmae.datasets.own_targets import AddedNoise, OwnTargets, parse_added_noise, snr_loss_db
from rfmae.datasets.split_writer import SplitWriter
from rfmae.datasets.store import open_dataset
from rfmae.errors import TrainingError
from rfmae.records import IqBatch

ROWS, SAMPLES = 40, 4096


@pytest.fixture
def recorded(tmp_path, rng):
    """An imported set of rows of different powers."""
    examples = {"train": ROWS, "validation": 2, "test": 2}
    card = imported_card(
        "recorded", "Tones.", ["a", "b"], [0.0], 1.0, SAMPLES, examples, {}, {}, "0" * 8
    )
    for split, count in examples.items():
        iq = np.exp(2j * np.pi * rng.random((count, SAMPLES))) * np.arange(1, count + 1)[:, None]
        batch = IqBatch(
            iq.astype(np.complex64),
            np.zeros(count, np.int16),
            np.zeros(count, np.float32),
            ("a", "b"),
            1.0,
            "dataset",
        )
        with SplitWriter(
            tmp_path / f"{split}.h5", split=split, card=card, samples={"waveform": SAMPLES}
        ) as writer:
            writer.append(batch)
    write_json(tmp_path / "card.json", card)
    return open_dataset(tmp_path)


def own(dataset, noise, seed=0):
    return OwnTargets(dataset.folder, dataset.card, noise, seed)


def test_without_noise_input_and_target_are_the_recording(recorded):
    pairs = own(recorded, None).read("train")
    assert np.array_equal(pairs.clean, recorded.read_observed("train").iq)
    assert np.array_equal(pairs.observed.iq, pairs.clean)


def test_the_noise_has_the_ratio_that_is_stated_and_is_white(recorded):
    pairs = own(recorded, AddedNoise(-3, 7)).read("train")
    noise = pairs.observed.iq - pairs.clean
    assert np.array_equal(pairs.clean, recorded.read_observed("train").iq)
    power = np.mean(np.abs(pairs.clean) ** 2, axis=1)
    ratio_db = 10 * np.log10(power / np.mean(np.abs(noise) ** 2, axis=1))
    error = 4 * 4.34 / np.sqrt(SAMPLES)  # dB, four deviations of a mean power
    assert -3 - error < ratio_db.min() < 0
    assert 4 < ratio_db.max() < 7 + error
    unit = noise / np.sqrt(np.mean(np.abs(noise) ** 2, axis=1, keepdims=True))
    assert abs(np.mean(unit[:, 1:] * unit[:, :-1].conj())) < 4 / np.sqrt(noise.size)
    assert abs(np.mean(unit**2)) < 4 / np.sqrt(noise.size)
    assert abs(np.mean(unit[1:] * unit[:-1].conj())) < 4 / np.sqrt(noise.size)


def test_an_example_has_the_same_noise_however_it_is_read(recorded):
    dataset = own(recorded, AddedNoise(0, 10))
    whole = dataset.read("train").observed.iq
    assert np.array_equal(dataset.read_observed("train", np.array([3, 7])).iq, whole[[3, 7]])
    assert np.array_equal(dataset.read("train", slice(5, 9)).observed.iq, whole[5:9])
    assert not np.array_equal(
        own(recorded, AddedNoise(0, 10), seed=1).read("train").observed.iq, whole
    )
    noise = (whole - dataset.read("train").clean)[:2]
    other = dataset.read("test").observed.iq - dataset.read("test").clean
    assert not np.allclose(noise / np.abs(noise).max(), other / np.abs(other).max())


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 20.0])
@pytest.mark.parametrize("ratio_db", [0.0, 10.0])
def test_the_loss_of_snr_is_that_of_powers(rng, snr_db, ratio_db):
    """Measured: signal, its noise, and more noise below the sum of both."""
    signal = np.exp(2j * np.pi * rng.random(200_000))
    own_noise = rng.normal(size=(2, signal.size)).T @ [1, 1j] * np.sqrt(10 ** (-snr_db / 10) / 2)
    both = np.mean(np.abs(signal + own_noise) ** 2)
    added = (
        rng.normal(size=(2, signal.size)).T @ [1, 1j] * np.sqrt(both * 10 ** (-ratio_db / 10) / 2)
    )
    after = -10 * np.log10(np.mean(np.abs(own_noise + added) ** 2))
    assert snr_loss_db(snr_db, ratio_db) == pytest.approx(snr_db - after, abs=0.05)


def test_noise_is_written_as_a_ratio_or_a_range():
    assert parse_added_noise("5") == AddedNoise(5, 5)
    assert str(parse_added_noise("-2.5:10")) == "-2.5 to 10 dB below the recording"


@pytest.mark.parametrize("text", ["", "loud", "1:2:3", "10:0", "nan", "0:100", "inf"])
def test_noise_that_cannot_be_is_refused(text):
    with pytest.raises(TrainingError, match=r"such as 5 or 0:10, got|the lower first, got"):
        parse_added_noise(text)
