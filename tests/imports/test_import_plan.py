"""A public data set becomes a complete data set folder, with every row in one split."""

import pickle
import shutil
import tracemalloc

import numpy as np
import pytest
from miniatures import (
    python2_pickle,
    radioml_cells,
    write_hisarmod,
    write_radioml2018,
)

from rfmae.datasets.recipe import SPLITS
from rfmae.datasets.store import open_dataset
from rfmae.errors import ArtefactError, DatasetError, RfmaeError
from rfmae.imports import import_plan
from rfmae.imports.arrays.array_source import ArrayOptions
from rfmae.imports.class_order import PUBLISHED_CLASSES
from rfmae.imports.import_plan import Appearance
from rfmae.imports.opening import SourceOptions
from rfmae.imports.recognition import recognise
from rfmae.imports.sources import row_digests
from rfmae.progress import Silent
from rfmae.records import ImageConfig, Plane, parse_planes
from rfmae.workflows import importing
from rfmae.workflows.importing import change_image, import_dataset


class Notes(Silent):
    def __init__(self):
        self.texts = []

    def note(self, text):
        self.texts.append(text)


def radioml(path, rng, protocol=2, rows=20):
    path.write_bytes(python2_pickle(radioml_cells(rng, rows=rows), protocol))
    return path


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return radioml(tmp_path_factory.mktemp("source") / "set.pkl", np.random.default_rng(20250225))


@pytest.fixture(scope="module")
def dataset(source, tmp_path_factory):
    """The source, imported once for the tests that only read."""
    return imported(source, tmp_path_factory.mktemp("imported") / "home")


def imported(source, home, *, labels=None, classes=(), **options):
    arrays = SourceOptions(arrays=ArrayOptions(labels=labels, classes=classes))
    return import_dataset(source, None, home, options=arrays, **options)


def fingerprint(source, **options):
    """What an import would be called; it is planned from every row, and nothing is written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importing, "write_import", lambda opened, plan, *_: plan)
        return imported(source, source.parent / "home", **options).fingerprint


def all_rows(dataset):
    return np.concatenate([dataset.read_observed(split).iq for split in SPLITS])


# what is in the folder ----------------------------------------------------------------------


def test_every_example_is_in_one_split_with_its_label_and_snr(tmp_path, rng):
    cells = radioml_cells(rng, rows=20)
    (tmp_path / "set.pkl").write_bytes(python2_pickle(cells, 2))
    dataset = imported(tmp_path / "set.pkl", tmp_path / "home")
    owner = {}
    for split in SPLITS:
        batch = dataset.read_observed(split)
        assert batch.snr_reference == "dataset"
        for iq, label, snr_db in zip(batch.iq, batch.label, batch.snr_db, strict=True):
            assert owner.setdefault(iq.tobytes(), (split, label, snr_db))[0] == split
    names = sorted({name for name, _ in cells})
    for (name, snr), parts in cells.items():
        for row in parts:
            iq = (row[0] + 1j * row[1]).astype(np.complex64)
            assert owner[iq.tobytes()][1:] == (names.index(name), snr)
    assert len(owner) == 4400
    # every class and SNR deals 20 rows in two hands of ten
    assert [dataset.examples(split) for split in SPLITS] == [3520, 440, 440]


def test_the_folder_opens_and_its_card_names_its_origin(dataset, source):
    assert dataset.folder.name == f"radioml-2016-10a-{dataset.fingerprint}"
    assert dataset.fingerprint == fingerprint(source)
    again = open_dataset(dataset.folder)
    assert again.views == ("waveform",)
    assert not again.has_clean
    assert again.samples_per_symbol() == 8
    assert again.snr_db == tuple(range(-20, 20, 2))
    assert again.card["splits"]["shares"] == [0.8, 0.1, 0.1]
    assert again.card["splits"]["left_out"] == 0
    assert again.card["source"]["rows"] == 4400
    assert "as in the file" in again.card["source"]["scaling"]
    assert sorted(item.name for item in dataset.folder.iterdir()) == [
        "card.json",
        "test.h5",
        "train.h5",
        "validation.h5",
    ]


def test_rows_are_in_the_order_of_the_source(dataset):
    label, snr_db = dataset.labels("train")
    assert (np.diff(label) >= 0).all()
    assert (np.diff(label * 1000.0 + snr_db) >= 0).all()


def test_the_same_content_has_the_same_fingerprint_in_any_file(tmp_path, rng):
    cells = radioml_cells(rng, rows=10)
    prints = set()
    for protocol in (0, 2):
        (tmp_path / f"{protocol}").write_bytes(python2_pickle(cells, protocol))
        prints.add(fingerprint(tmp_path / f"{protocol}"))
    (tmp_path / "new").write_bytes(pickle.dumps(cells, 5))
    prints.add(fingerprint(tmp_path / "new"))
    assert len(prints) == 1


def test_everything_that_shapes_the_files_is_in_the_fingerprint(tmp_path, rng, monkeypatch):
    cells = radioml_cells(rng, rows=10)
    path = tmp_path / "set"
    path.write_bytes(python2_pickle(cells, 2))
    prints = [
        fingerprint(path),
        fingerprint(path, seed=1),
        fingerprint(path, shares=(0.6, 0.2, 0.2)),
        fingerprint(path, samples_per_symbol=4.0),
    ]
    cells["QPSK", 2][3, 1, 5] += 1e-3
    path.write_bytes(python2_pickle(cells, 2))
    prints.append(fingerprint(path))
    monkeypatch.setattr(import_plan, "IMPORTER_VERSION", 99)
    prints.append(fingerprint(path))
    assert len(set(prints)) == len(prints)


def test_the_same_import_twice_makes_the_same_files_and_keeps_the_first(dataset, source, tmp_path):
    stored = [(dataset.folder / f"{split}.h5").read_bytes() for split in SPLITS]
    notes = Notes()
    assert imported(source, dataset.folder.parent, progress=notes).folder == dataset.folder
    assert "is there already" in notes.texts[-1]
    other = import_dataset(source, tmp_path / "other", tmp_path)
    assert [(other.folder / f"{split}.h5").read_bytes() for split in SPLITS] == stored


def test_equal_rows_are_in_one_split(tmp_path, rng):
    cells = radioml_cells(rng, rows=10)
    for snr in (0, 2, 4):
        cells["WBFM", snr][2:9] = cells["WBFM", 0][0]
    (tmp_path / "set").write_bytes(python2_pickle(cells, 2))
    dataset = imported(tmp_path / "set", tmp_path)
    digests = [set(row_digests(dataset.read_observed(split).iq)) for split in SPLITS]
    assert not digests[0] & digests[1] | digests[0] & digests[2] | digests[1] & digests[2]
    assert len(all_rows(dataset)) == 2200


def test_overlapping_windows_are_never_in_two_splits(tmp_path, rng):
    """Windows of one stream, each 64 samples after the last, as those of 2016.04C."""
    cells = {}
    for place, key in enumerate(radioml_cells(rng, rows=1)):
        count = 66 if key[0] == "QPSK" else 65
        numbers = np.arange(64 * (count + 1)) + 10_000 * place  # exact in float32
        stream = np.stack([numbers, numbers]).astype(np.float32)
        cells[key] = np.stack([stream[:, 64 * n : 64 * n + 128] for n in range(count)])
    (tmp_path / "set").write_bytes(python2_pickle(cells, 2))
    dataset = imported(tmp_path / "set", tmp_path)
    assert dataset.name == "radioml-2016-04c"
    owner = {}
    for split in SPLITS:
        for value in np.unique(dataset.read_observed(split).iq.real):
            assert owner.setdefault(value, split) == split
    assert dataset.card["splits"]["left_out"] == 2 * 220
    assert dataset.card["splits"]["windows_per_group"] == 31


# the other sets -----------------------------------------------------------------------------


def test_radioml_2018_is_imported_with_its_order_proven(tmp_path, rng):
    iq, label = write_radioml2018(tmp_path / "a.hdf5", rng, snrs=(30,), rows=10)
    notes = Notes()
    dataset = imported(tmp_path / "a.hdf5", tmp_path / "home", progress=notes)
    assert "proven from the signals" in " ".join(notes.texts)
    assert "proven from the signals" in " ".join(dataset.card["source"]["notes"])
    assert dataset.samples() == 1024
    by_digest = dict(zip(row_digests(iq), label, strict=True))
    for split in SPLITS:
        batch = dataset.read_observed(split)
        assert [by_digest[digest] for digest in row_digests(batch.iq)] == list(batch.label)


def test_signals_in_the_published_order_are_not_imported_under_wrong_names(tmp_path, rng):
    write_radioml2018(tmp_path / "a.hdf5", rng, order=PUBLISHED_CLASSES, snrs=(30,))
    with pytest.raises(DatasetError, match="order of the published list"):
        imported(tmp_path / "a.hdf5", tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_an_order_that_cannot_be_proven_is_noted(tmp_path, rng):
    write_radioml2018(tmp_path / "a.hdf5", rng, snrs=(-20,), rows=10)
    dataset = imported(tmp_path / "a.hdf5", tmp_path / "home")
    assert "could not be proven" in " ".join(dataset.card["source"]["notes"])


def test_hisarmod_keeps_its_own_test_split_and_no_row_of_it_in_training(tmp_path, rng):
    parts = write_hisarmod(tmp_path / "hisar", rng, 260, 26, numbers=(0, 11))
    data = tmp_path / "hisar" / "Train" / "train_data.csv"
    test = (tmp_path / "hisar" / "Test" / "test_data.csv").read_text().splitlines()
    lines = data.read_text().splitlines()
    lines[4], lines[9] = test[0], test[1]  # two rows of the test split
    data.write_text("\n".join(lines) + "\n")
    dataset = imported(tmp_path / "hisar", tmp_path / "home")
    assert dataset.card["splits"]["own_test_split"]
    assert dataset.card["splits"]["left_out"] == 2
    assert dataset.read_observed("test").iq == pytest.approx(parts["test"], rel=1e-5)
    counts = [dataset.examples(split) for split in SPLITS]
    assert sum(counts) == 286 - 2
    assert counts[2] == 26
    assert counts[1] == pytest.approx(258 / 9, abs=2)  # one to eight, to a hand of nine


def test_arrays_are_imported_with_their_labels_and_rate(tmp_path, rng):
    iq = rng.normal(size=(60, 2, 32)).astype(np.float32)
    np.save(tmp_path / "mine.npy", iq)
    (tmp_path / "labels.txt").write_text("QPSK\nQAM16\n" * 30)
    dataset = imported(
        tmp_path / "mine.npy",
        tmp_path / "home",
        labels=tmp_path / "labels.txt",
        samples_per_symbol=2.5,
    )
    assert dataset.classes == ("16QAM", "QPSK")
    assert dataset.samples_per_symbol() == 2.5
    assert {*all_rows(dataset)[:, 0].real} == {*iq[:, 0, 0]}


# recognising --------------------------------------------------------------------------------


def test_the_kind_is_found_from_the_content(tmp_path, rng, source):
    write_hisarmod(tmp_path / "hisar", rng)
    write_radioml2018(tmp_path / "a.pkl", rng, snrs=(30,), rows=1)
    np.save(tmp_path / "b.npy", np.ones((2, 3), complex))
    shutil.move(tmp_path / "b.npy", tmp_path / "b.hdf5")
    assert recognise(source) == "radioml-2016"
    assert recognise(radioml(tmp_path / "old.npy", rng, protocol=0, rows=1)) == "radioml-2016"
    assert recognise(tmp_path / "hisar") == "hisarmod"
    assert recognise(tmp_path / "a.pkl") == "radioml-2018"
    assert recognise(tmp_path / "b.hdf5") == "arrays"


def test_what_is_no_data_set_is_refused(tmp_path):
    (tmp_path / "text").write_text("words")
    for path, words in (
        (tmp_path / "text", "none of the known kinds"),
        (tmp_path / "none", "no file"),
        (tmp_path, "folder"),
    ):
        with pytest.raises(DatasetError, match=words):
            imported(path, tmp_path / "home")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"form": "radioml"}, "did you mean radioml-201"),
        ({"form": "radioml-2018"}, "HDF5"),
        ({"form": "hisarmod"}, "train_data.csv"),
        ({"classes": ("PQSK",)}, "no class 'PQSK'; did you mean QPSK"),
        ({"shares": (0.8, 0.1, 0.2)}, "add up to 1"),
        ({"shares": (0.9, 0.1, 0.0)}, "split test would be empty"),
        ({"samples_per_symbol": 0.0}, "at least 1"),
        ({"samples_per_symbol": float("nan")}, "at least 1"),
    ],
)
def test_options_that_do_not_fit_are_refused_and_leave_nothing(source, tmp_path, options, words):
    with pytest.raises(RfmaeError, match=words) as error:
        imported(source, tmp_path / "home", **options)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "home").exists()


def test_another_folder_is_not_overwritten(source, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(ArtefactError, match="holds other files"):
        import_dataset(source, tmp_path / "out", tmp_path)


def test_an_import_that_fails_leaves_nothing(source, tmp_path, monkeypatch):
    monkeypatch.setattr(import_plan, "_rows_of", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        imported(source, tmp_path / "home")
    assert list((tmp_path / "home").iterdir()) == []


def test_a_disk_that_is_too_small_is_refused_before_anything_is_written(
    source, tmp_path, monkeypatch
):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(ArtefactError, match="GB left"):
        imported(source, tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_memory_does_not_grow_with_the_number_of_examples(tmp_path):
    """64 MB of examples in a file pass through a few blocks."""
    path, rows = tmp_path / "large.npy", 16_384
    iq = np.lib.format.open_memmap(path, "w+", np.complex64, (rows, 512))
    iq[:, 0] = np.arange(rows)  # so that no two rows are equal
    iq.flush()
    np.save(tmp_path / "labels.npy", np.array(["QPSK", "BPSK"])[np.arange(rows) % 2])
    tracemalloc.start()
    dataset = imported(path, tmp_path / "home", labels=tmp_path / "labels.npy")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(dataset.examples(split) for split in SPLITS) == rows
    assert peak < 32 * 2**20


# how images are rendered --------------------------------------------------------------------------


def test_an_import_shows_the_images_that_were_named(dataset, source, tmp_path):
    density = ImageConfig(size=32, planes=(Plane("trajectory", "density"),))
    plain = dataset
    shown = import_dataset(source, tmp_path / "shown", tmp_path, looks=Appearance(density, True))
    assert shown.image == density and shown.any_phase
    assert plain.image.size == 224 and not plain.any_phase
    assert shown.fingerprint != plain.fingerprint  # folders are named by it
    for split in SPLITS:
        np.testing.assert_array_equal(shown.read_observed(split).iq, plain.read_observed(split).iq)


def test_planes_of_symbols_are_refused_for_waveforms():
    with pytest.raises(DatasetError, match=r"waveforms, but a plane of the symbols .* radio-24"):
        Appearance(ImageConfig())


@pytest.fixture
def with_bad_rows(tmp_path, rng):
    """Sixty rows of three classes, of which those in places 4 and 25 hold NaN or infinity."""
    iq = rng.normal(size=(60, 2, 16)).astype(np.float32)
    iq[4, 1, 3], iq[25, 0, 0] = np.nan, np.inf
    np.savez(tmp_path / "bad.npz", X=iq, y=np.array(["a", "b", "c"] * 20))
    return tmp_path / "bad.npz", iq


def test_rows_that_are_not_finite_are_named_and_counted(with_bad_rows, tmp_path):
    with pytest.raises(
        DatasetError, match=r"2 rows of 60 of bad hold NaN .* row 4 \(b at 0 dB\); --drop-bad-rows"
    ):
        imported(with_bad_rows[0], tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_rows_that_are_not_finite_are_left_out_on_request(with_bad_rows, tmp_path):
    path, iq = with_bad_rows
    made = imported(path, tmp_path / "home", drop_bad_rows=True)
    held = np.concatenate(
        [made.read_views(split, ("waveform",), slice(0, 60))["waveform"].iq for split in SPLITS]
    )
    kept = iq[np.isfinite(iq).all(axis=(1, 2))]
    assert sorted(held[:, 0].real) == sorted(kept[:, 0, 0])
    assert "2 of 60 rows are left out" in made.card["source"]["notes"][-1]


def test_a_class_without_examples_in_a_split_is_said(tmp_path, rng):
    np.savez(tmp_path / "few.npz", X=rng.normal(size=(21, 2, 16)), y=["a"] * 20 + ["b"])
    progress = Notes()
    imported(tmp_path / "few.npz", tmp_path / "home", progress=progress)
    assert [note for note in progress.texts if note.startswith("split")] == [
        f"split {split} holds no example of b; give it a larger share with --shares, or more "
        "examples"
        for split in ("validation", "test")
    ]


def test_images_are_changed_without_the_samples(with_bad_rows, tmp_path):
    made = imported(with_bad_rows[0], tmp_path / "home", drop_bad_rows=True)
    before = {split: (made.folder / f"{split}.h5").read_bytes() for split in SPLITS}
    image = ImageConfig(size=64, planes=parse_planes("trajectory:decay:25,trajectory"))
    changed = change_image(made, image, any_phase=True)
    assert (changed.image, changed.any_phase) == (image, True)
    assert changed.fingerprint == made.fingerprint
    assert {split: (made.folder / f"{split}.h5").read_bytes() for split in SPLITS} == before
    assert change_image(changed, image).any_phase
    with pytest.raises(DatasetError, match="rendered from symbols"):
        change_image(changed, ImageConfig(planes=parse_planes("symbols")))
