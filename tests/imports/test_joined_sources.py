"""Arrays in several files are one set, whose splits are those of the files; long rows are cut."""

import numpy as np
import pytest

from rfmae.datasets.store import open_dataset
from rfmae.errors import ArtefactError, DatasetError
from rfmae.imports.arrays.array_source import ArrayFile, ArrayOptions
from rfmae.imports.opening import SourceOptions
from rfmae.imports.row_windows import RowWindows
from rfmae.progress import Silent
from rfmae.workflows.importing import import_dataset


def saved(path, seed, rows, samples, names=("alpha", "beta")):
    rng = np.random.default_rng(seed)
    iq = (rng.normal(size=(rows, samples)) + 1j * rng.normal(size=(rows, samples))).astype("c8")
    label = np.array(names)[np.arange(rows) % len(names)]
    np.savez(path, X=iq, y=label)
    return iq, label


def imported(tmp_path, source, **options):
    return import_dataset(
        source,
        tmp_path / "out",
        tmp_path,
        options=SourceOptions(**options),
        progress=Silent(),
    )


def rows_of(data, split):
    batch = data.read_observed(split)
    return {
        (row.tobytes(), data.classes[label])
        for row, label in zip(batch.iq, batch.label, strict=True)
    }


def test_a_test_file_is_the_test_split(tmp_path):
    saved(tmp_path / "train.npz", 1, 160, 32)
    iq, label = saved(tmp_path / "test.npz", 2, 40, 32, ("beta", "alpha"))
    data = imported(tmp_path, tmp_path / "train.npz", own={"test": tmp_path / "test.npz"})
    assert rows_of(data, "test") == {
        (row.tobytes(), str(name)) for row, name in zip(iq, label, strict=True)
    }
    assert data.examples("train") + data.examples("validation") == 160
    assert not data.any_phase  # only recordings have any carrier phase by default
    assert data.examples("validation") in range(14, 22)


def test_three_files_are_the_three_splits(tmp_path):
    for name, count in (("a", 60), ("b", 20), ("c", 30)):
        saved(tmp_path / f"{name}.npz", ord(name), count, 32)
    own = {"validation": tmp_path / "b.npz", "test": tmp_path / "c.npz"}
    data = imported(tmp_path, tmp_path / "a.npz", own=own)
    assert [data.examples(split) for split in ("train", "validation", "test")] == [60, 20, 30]


def test_rows_of_the_training_file_that_are_in_the_test_file_are_left_out(tmp_path):
    iq, label = saved(tmp_path / "a.npz", 1, 100, 32)
    np.savez(tmp_path / "b.npz", X=iq[:20], y=label[:20])
    data = imported(tmp_path, tmp_path / "a.npz", own={"test": tmp_path / "b.npz"})
    assert not rows_of(data, "test") & (rows_of(data, "train") | rows_of(data, "validation"))
    assert data.examples("test") == 20
    assert data.examples("train") + data.examples("validation") == 80


def test_files_of_other_lengths_are_refused_and_leave_nothing(tmp_path):
    saved(tmp_path / "a.npz", 1, 100, 32)
    saved(tmp_path / "b.npz", 1, 100, 48)
    with pytest.raises(DatasetError, match=r"one length, got 32 and 48 samples; .*--samples"):
        imported(tmp_path, tmp_path / "a.npz", own={"test": tmp_path / "b.npz"})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("samples", "hop"), [(100, None), (100, 40), (64, 300)])
def test_long_rows_are_cut_into_windows(tmp_path, samples, hop):
    iq, _ = saved(tmp_path / "long.npz", 1, 2, 4000)
    source = RowWindows(ArrayFile(tmp_path / "long.npz", ArrayOptions()), samples, hop)
    starts = range(0, 4000 - samples + 1, hop or samples)
    batches = list(source.blocks())
    assert np.array_equal(
        np.concatenate([batch.iq for batch in batches]),
        [row[first : first + samples] for row in iq for first in starts],
    )
    assert source.facts.rows == 2 * len(starts) == len(source.places)
    data = imported(tmp_path, tmp_path / "long.npz", samples=samples, hop=hop)
    assert data.classes == ("alpha", "beta")
    places = {
        row[first : first + samples].tobytes(): (index, first)
        for index, row in enumerate(iq)
        for first in starts
    }
    ranges = {
        split: [places[row.tobytes()] for row in data.read_observed(split).iq]
        for split in ("train", "validation", "test")
    }
    for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
        assert all(
            abs(first - second) >= samples
            for row, first in ranges[one]
            for other_row, second in ranges[other]
            if row == other_row
        )
    assert open_dataset(tmp_path / "out").examples("test") >= 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"samples": 5000}, "have 4,000 samples"),
        ({"hop": 5}, "--hop is for windows of --samples"),
    ],
)
def test_windows_that_do_not_fit_are_refused(tmp_path, options, words):
    saved(tmp_path / "long.npz", 1, 2, 4000)
    with pytest.raises(DatasetError, match=words):
        imported(tmp_path, tmp_path / "long.npz", **options)


def test_rows_under_two_classes_are_told_and_kept_in_the_card(tmp_path):
    iq, label = saved(tmp_path / "a.npz", 1, 100, 32)
    iq[50:], label[:50], label[50:] = iq[:50], "alpha", "beta"
    np.savez(tmp_path / "a.npz", X=iq, y=label)
    data = imported(tmp_path, tmp_path / "a.npz")
    assert any(
        "50 examples appear under alpha, beta" in each for each in data.card["source"]["notes"]
    )


def test_a_folder_of_recordings_is_no_test_split_of_arrays(tmp_path):
    saved(tmp_path / "a.npz", 1, 100, 32)
    (tmp_path / "b").mkdir()
    with pytest.raises(DatasetError, match="--test must be of the same kind"):
        imported(tmp_path, tmp_path / "a.npz", own={"test": tmp_path / "b"})


def test_an_occupied_folder_is_refused_before_anything_is_read(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(ArtefactError, match="holds other files"):
        imported(tmp_path, tmp_path / "not-there.npz")
