"""RadioML 2018.01A is read by blocks, and its signals determine the class order."""

import json
import tracemalloc

import h5py
import numpy as np
import pytest
from miniatures import class_rows, write_radioml2018

from rfmae.errors import DatasetError, ShapeError
from rfmae.imports.class_order import CLASSES, PUBLISHED_CLASSES, family_of, traits_of
from rfmae.imports.radioml2018 import RadioMl2018, check_class_order
from rfmae.signal.modulations import find_modulation


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("radioml") / "GOLD.hdf5"
    iq, label = write_radioml2018(path, np.random.default_rng(1))
    return path, iq, label


@pytest.fixture
def damaged(made, tmp_path):
    """A copy that a test may change."""
    path = tmp_path / "copy.hdf5"
    path.write_bytes(made[0].read_bytes())
    return path


# reading ------------------------------------------------------------------------------------


def test_every_row_is_read_in_order_as_it_is_in_the_file(made, monkeypatch):
    path, iq, label = made
    monkeypatch.setattr("rfmae.imports.radioml2018.BLOCK_ROWS", 50)
    source = RadioMl2018(path)
    blocks = list(source.blocks())
    assert max(map(len, blocks)) == 50
    assert np.array_equal(np.concatenate([block.iq for block in blocks]), iq)
    assert np.array_equal(np.concatenate([block.label for block in blocks]), label)
    snr_db = np.concatenate([block.snr_db for block in blocks])
    assert np.array_equal(snr_db, np.tile(np.repeat([0, 30], 6), 24))
    assert source.facts.rows == len(iq)


def test_the_classes_are_in_the_order_of_the_signals_under_the_names_of_the_table(made):
    facts = RadioMl2018(made[0]).facts
    assert facts.classes == tuple(find_modulation(name).name for name in CLASSES)
    assert facts.classes[21] == "WBFM"
    assert facts.samples_per_symbol == 8
    assert sorted(CLASSES) == sorted(PUBLISHED_CLASSES)


def test_the_file_is_never_read_whole(tmp_path):
    path, rows = tmp_path / "large.hdf5", 20_000
    with h5py.File(path, "w") as file:
        x = file.create_dataset(
            "X",
            (rows, 1024, 2),
            "f4",
            chunks=(500, 1024, 2),
            compression="gzip",
            compression_opts=1,
        )
        for first in range(0, rows, 500):
            x[first : first + 500] = 0
        file["Y"] = np.eye(24, dtype=np.int64)[np.arange(rows) % 24]
        file["Z"] = np.zeros((rows, 1), np.int64)
    source = RadioMl2018(path)
    tracemalloc.start()
    total = sum(len(block) for block in source.blocks())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == rows
    assert peak < 50 * 2**20  # a few blocks of 8 MB, of 164 MB


# the order of the classes -------------------------------------------------------------------


def test_the_signals_of_the_right_order_prove_it(made):
    order = check_class_order(made[0])
    assert order.snr_db == 30
    assert order.families == tuple(family_of(name) for name in CLASSES)
    assert order.verdict == "correct"
    assert order.agreement(CLASSES) == 27
    assert order.agreement(PUBLISHED_CLASSES) < 15


def test_what_the_literature_says_of_the_indices_is_what_is_measured(made):
    families = check_class_order(made[0]).families
    assert families[21] == families[22] == "constant envelope"
    assert {families[index] for index in (0, 1, 2, 3, 19, 20)} == {"real"}
    assert families[17] == families[18] == "one-sided"
    assert {families[index] for index in range(4, 8)} == {"one amplitude"}


def test_signals_in_the_published_order_are_recognised(tmp_path, rng):
    path = tmp_path / "published.hdf5"
    write_radioml2018(path, rng, order=PUBLISHED_CLASSES, snrs=(30,))
    order = check_class_order(path)
    assert order.verdict == "published"
    assert order.families[3] == order.families[4] == "constant envelope"


def test_a_chance_order_is_neither(tmp_path, rng):
    path = tmp_path / "chance.hdf5"
    write_radioml2018(path, rng, order=[CLASSES[i] for i in rng.permutation(24)], snrs=(30,))
    assert check_class_order(path).verdict == "neither"


def test_noise_proves_nothing(tmp_path, rng):
    path = tmp_path / "noise.hdf5"
    write_radioml2018(path, rng, snrs=(-20,))
    assert check_class_order(path).verdict == "neither"


def test_a_class_without_rows_is_absent(damaged):
    with h5py.File(damaged, "r+") as file:
        label, snr_db = file["Y"][:].argmax(axis=1), file["Z"][:, 0]
        snr_db[(label == 5) & (snr_db == 30)] = 28
        file["Z"][:] = snr_db[:, None]
    order = check_class_order(damaged)
    assert order.families[5] == "absent"
    assert order.verdict == "correct"


@pytest.mark.parametrize("name", CLASSES)
def test_the_family_of_a_class_shows_whatever_the_draw(name):
    for seed in range(5):
        iq = class_rows(name, 8, np.random.default_rng(seed))
        assert traits_of(iq).family == family_of(name)


@pytest.mark.parametrize(("name", "count"), [("OOK", 2), ("BPSK", 1), ("QPSK", 1)])
def test_amplitudes_are_counted(name, count, rng):
    traits = traits_of(class_rows(name, 16, rng))
    assert traits.amplitudes == count
    assert (traits.smallest_amplitude < 0.25) == (name == "OOK")


def test_traits_of_short_rows_are_refused():
    with pytest.raises(ShapeError, match="256 samples"):
        traits_of(np.ones((2, 100), np.complex64))


def test_a_class_list_beside_the_file_is_read_and_the_wrong_one_reported(damaged):
    beside = damaged.with_name("classes.txt")
    assert "published" not in " ".join(RadioMl2018(damaged).facts.notes)
    beside.write_text("classes = [" + ",\n ".join(map(repr, PUBLISHED_CLASSES)) + "]\n")
    source = RadioMl2018(damaged)
    assert "classes.txt beside it is in the published order" in " ".join(source.facts.notes)
    assert source.facts.classes[0] == "OOK"
    beside.write_text("classes = [" + ",\n ".join(map(repr, CLASSES)) + "]\n")
    assert "classes.txt" not in " ".join(RadioMl2018(damaged).facts.notes)
    beside.write_text("classes = ['OOK', 'FM']")
    assert "unknown order" in " ".join(RadioMl2018(damaged).facts.notes)
    damaged.with_name("classes-fixed.json").write_text(json.dumps(CLASSES))
    assert "classes" not in " ".join(RadioMl2018(damaged).facts.notes)


def test_a_class_list_is_never_evaluated(damaged, tmp_path):
    marker = tmp_path / "marker"
    damaged.with_name("classes.txt").write_text(f"open({str(marker)!r}, 'w')")
    RadioMl2018(damaged)
    assert not marker.exists()


# what is refused ----------------------------------------------------------------------------


def replace(path, name, value):
    with h5py.File(path, "r+") as file:
        del file[name]
        if value is not None:
            file[name] = value


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("Z", None, "no Z"),
        ("X", np.zeros((288, 2, 1024), "f4"), "X of .* must have shape"),
        ("X", np.zeros((287, 1024, 2), "f4"), "X of .* must have shape"),
        ("X", np.zeros((288, 1024, 2), "i2"), "must be of floats"),
        ("Y", np.zeros((288, 23), int), "Y of .* must have shape"),
        ("Z", np.zeros((1, 288)), "Z of .* must have shape"),
    ],
)
def test_another_file_is_refused_in_one_line(damaged, name, value, words):
    replace(damaged, name, value)
    with pytest.raises(DatasetError, match=words) as error:
        RadioMl2018(damaged)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "place", "value", "words"),
    [
        ("Y", (200, slice(None)), 0, "a single 1"),
        ("Y", (200, slice(3)), 1, "a single 1"),
        ("Y", (200, 0), 2, "a single 1"),
        ("Z", (200, 0), 3, "SNRs"),
    ],
)
def test_a_wrong_row_is_refused_where_it_is_read(damaged, name, place, value, words):
    with h5py.File(damaged, "r+") as file:
        file[name][place] = value
    with pytest.raises(DatasetError, match=words):
        list(RadioMl2018(damaged).blocks())


def test_a_cut_file_is_refused(damaged):
    stored = damaged.read_bytes()
    damaged.write_bytes(stored[: len(stored) // 2])
    with pytest.raises(DatasetError, match="may be cut"):
        RadioMl2018(damaged)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DatasetError, match="no file"):
        RadioMl2018(tmp_path / "none")


@pytest.mark.parametrize("how", ["a group", "texts", "a link", "nothing in it"])
def test_what_is_no_column_of_numbers_is_refused_in_one_line(damaged, how):
    with h5py.File(damaged, "r+") as file:
        shape = file["Z"].shape
        del file["Z"]
        if how == "a group":
            file.create_group("Z")
        elif how == "texts":
            file["Z"] = np.full(shape, b"30")
        elif how == "a link":
            file["Z"] = h5py.ExternalLink("other.h5", "Z")
        else:
            file.create_dataset("Z", shape, "i8", chunks=(1, 1))
    with pytest.raises(DatasetError, match="must hold numbers in X, Y and Z, but Z") as error:
        RadioMl2018(damaged)
    assert "\n" not in str(error.value)
