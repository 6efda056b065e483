"""Rows that come batch by batch are read back as they came."""

import subprocess
import sys

import h5py
import numpy as np
import pytest

from rfmae.artefacts import write_json, written_whole
from rfmae.datasets.cards import imported_card
from rfmae.datasets.recipe import SPLITS
from rfmae.datasets.store import SplitWriter, open_dataset
from rfmae.errors import DatasetError
from rfmae.records import TRAJECTORY_PLANES, ImageConfig, IqBatch

SAMPLES = 16


@pytest.fixture
def card():
    return imported_card(
        "radio",
        "Examples of others.",
        ("BPSK", "QPSK"),
        (0.0, 10.0),
        samples_per_symbol=8.0,
        samples=SAMPLES,
        examples={"train": 70, "validation": 3, "test": 0},
        source={"file": "radio.pkl"},
        splits={"seed": 0},
        fingerprint="0123abcd",
    )


def promising(card, rows):
    """The card of a data set with so many training examples."""
    return {**card, "examples": {**card["examples"], "train": rows}}


def batch(rng, count, samples=SAMPLES):
    return IqBatch(
        iq=(rng.normal(size=(count, samples)) + 1j).astype(np.complex64),
        label=rng.integers(2, size=count),
        snr_db=rng.choice([0.0, 10.0], size=count),
        classes=("BPSK", "QPSK"),
        samples_per_symbol=8.0,
        snr_reference="dataset",
    )


@pytest.fixture
def imported(card, rng, tmp_path):
    """A data set of others, and the batches it was made of."""
    given = {split: [] for split in SPLITS}
    with written_whole(tmp_path / "radio") as scratch:
        for split, counts in {"train": (1, 64, 0, 5), "validation": (3,), "test": ()}.items():
            path = scratch / f"{split}.h5"
            with SplitWriter(path, split=split, card=card, samples={"waveform": SAMPLES}) as writer:
                for count in counts:
                    given[split].append(batch(rng, count))
                    writer.append(given[split][-1])
        write_json(scratch / "card.json", card)
    return open_dataset(tmp_path / "radio"), given


@pytest.mark.parametrize("split", ["train", "validation"])
def test_rows_are_read_back_in_the_order_they_came(imported, split):
    dataset, given = imported
    read = dataset.read_observed(split)
    assert np.array_equal(read.iq, np.concatenate([some.iq for some in given[split]]))
    assert np.array_equal(read.label, np.concatenate([some.label for some in given[split]]))
    assert np.array_equal(read.snr_db, np.concatenate([some.snr_db for some in given[split]]))
    assert read.samples_per_symbol == 8.0
    assert read.snr_reference == "dataset"


def test_a_split_without_rows_is_empty(imported):
    dataset, _ = imported
    assert dataset.read_observed("test").iq.shape == (0, SAMPLES)


def test_an_imported_data_set_says_what_it_is(imported):
    dataset, _ = imported
    assert dataset.name == "radio"
    assert dataset.fingerprint == "0123abcd"
    assert dataset.views == ("waveform",)
    assert dataset.samples() == dataset.samples("waveform") == SAMPLES
    assert dataset.samples_per_symbol() == 8.0
    assert dataset.snr_reference == "dataset"
    assert not dataset.any_phase
    assert not dataset.has_clean
    assert dataset.image == ImageConfig(planes=TRAJECTORY_PLANES)
    assert dataset.sampled("train") == {}
    assert dataset.card["source"] == {"file": "radio.pkl"}


def test_clean_twins_that_are_not_there_are_refused_with_the_way_out(imported):
    dataset, _ = imported
    with pytest.raises(DatasetError, match="holds no clean twins") as caught:
        dataset.read("train")
    assert "name a synthetic one" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_clean_twins_and_views_are_kept_beside_each_other(card, rng, tmp_path):
    path, symbols, waveform = tmp_path / "train.h5", batch(rng, 5, 2), batch(rng, 5)
    waveform = IqBatch(waveform.iq, symbols.label, symbols.snr_db, symbols.classes, 8.0, "dataset")
    sizes, card = {"symbols": 2, "waveform": SAMPLES}, promising(card, 5)
    with SplitWriter(path, split="train", card=card, samples=sizes, clean=True) as writer:
        writer.append(symbols, "symbols", clean=2 * symbols.iq)
        writer.append(waveform, clean=2 * waveform.iq)
    with h5py.File(path) as file:
        assert np.array_equal(file["symbols/clean"][:], 2 * symbols.iq)
        assert np.array_equal(file["waveform/observed"][:], waveform.iq)
        assert len(file["label"]) == 5


def test_the_same_batches_make_the_same_file(card, tmp_path):
    card = promising(card, 108)
    for name in ("one", "two"):
        rng = np.random.default_rng(3)
        path = tmp_path / f"{name}.h5"
        with SplitWriter(path, split="train", card=card, samples={"waveform": SAMPLES}) as writer:
            for count in (100, 1, 7):
                writer.append(batch(rng, count))
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "two.h5").read_bytes()


def test_examples_of_another_length_or_view_are_refused(card, rng, tmp_path):
    path, card = tmp_path / "train.h5", promising(card, 4)
    with SplitWriter(path, split="train", card=card, samples={"waveform": SAMPLES}) as writer:
        writer.append(batch(rng, 2))
        with pytest.raises(DatasetError, match="takes 4 rows, and gets more"):
            writer.append(batch(rng, 3))
        with pytest.raises(DatasetError, match=r"takes examples of 16 samples .* got 15"):
            writer.append(batch(rng, 2, 15))
        with pytest.raises(DatasetError, match="has views waveform, got 'symbols'"):
            writer.append(batch(rng, 2), "symbols")
        with pytest.raises(DatasetError, match="always or never"):
            writer.append(batch(rng, 2), clean=batch(rng, 2).iq)
        writer.append(batch(rng, 2))


def test_views_with_other_numbers_of_rows_are_refused(card, rng, tmp_path):
    sizes, card = {"symbols": 2, "waveform": SAMPLES}, promising(card, 2)
    with (
        pytest.raises(DatasetError, match="must get 2 rows in every view"),
        SplitWriter(tmp_path / "train.h5", split="train", card=card, samples=sizes) as writer,
    ):
        writer.append(batch(rng, 2))


def test_a_full_disk_is_the_error_of_the_system_and_no_other(tmp_path):
    """HDF5 complains of every block that it could not write, while it is dropped."""
    script = f"""
import resource, signal, sys
import numpy as np
from pathlib import Path
from rfmae.artefacts import written_whole
from rfmae.datasets.cards import imported_card
from rfmae.datasets.split_writer import SplitWriter
from rfmae.errors import ArtefactError
from rfmae.records import IqBatch

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
many = {{"train": 40_000}}
card = imported_card("a", "b", ("BPSK", "QPSK"), (0.0,), 1.0, 64, many, {{}}, {{}}, "0")
iq = np.ones((40_000, 64), np.complex64)
zeros = np.zeros(len(iq))
rows = IqBatch(iq, zeros.astype(int), zeros, ("BPSK", "QPSK"), 1.0, "dataset")
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 22, 1 << 22))
try:
    with written_whole(Path({str(tmp_path / "radio")!r})) as scratch:
        with SplitWriter(
            scratch / "train.h5", split="train", card=card, samples={{"waveform": 64}}
        ) as writer:
            writer.append(rows)
except ArtefactError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "may not grow so large here" in done.stdout
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
