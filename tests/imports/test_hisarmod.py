"""HisarMod2019.1 is read line by line, with its labels and its own test split."""

import numpy as np
import pytest
from miniatures import matlab_text, write_hisarmod

from rfmae.errors import DatasetError
from rfmae.imports.hisarmod import CLASS_NUMBERS, HisarMod, is_hisarmod
from rfmae.workflows.importing import import_dataset


@pytest.fixture
def made(tmp_path, rng):
    return tmp_path / "hisar", write_hisarmod(tmp_path / "hisar", rng)


def test_the_labels_are_ten_times_the_place_plus_the_family():
    assert len(CLASS_NUMBERS) == 26
    assert {number: CLASS_NUMBERS[number] for number in (0, 10, 1, 61, 32, 23, 4, 54)} == {
        0: "BPSK",
        10: "QPSK",
        1: "4QAM",
        61: "256QAM",
        32: "16FSK",
        23: "16PAM",
        4: "AM-DSB",
        54: "PM",
    }


def test_every_row_is_read_in_order_training_first(made, monkeypatch):
    folder, parts = made
    monkeypatch.setattr("rfmae.imports.hisarmod.BLOCK_ROWS", 7)
    source = HisarMod(folder)
    blocks = list(source.blocks())
    iq = np.concatenate([block.iq for block in blocks])
    # six digits were written
    assert iq == pytest.approx(np.concatenate([parts["train"], parts["test"]]), rel=1e-5)
    label = np.concatenate([block.label for block in blocks])
    assert np.array_equal(label, [*range(20), *range(26)])
    assert source.facts.test_from == 20
    assert source.facts.rows == 46
    assert max(map(len, blocks)) == 7


def test_classes_keep_their_own_name_where_the_table_has_one_for_two(made):
    classes = HisarMod(made[0]).facts.classes
    assert classes[1] == "QPSK"
    assert classes[6] == "4QAM"
    assert classes[-1] == "PM"
    assert len(set(classes)) == 26
    assert "AM-SSB-SC" in classes


def test_what_is_known_needs_no_number_to_be_read(made):
    folder, _ = made
    (folder / "Test" / "test_data.csv").write_text((",".join(["words"] * 1024) + "\n") * 26)
    known = list(HisarMod(folder).known())
    assert np.array_equal(
        np.concatenate([block.label for block in known]), [*range(20), *range(26)]
    )
    assert len(set(known[-1].digest)) == 1  # of the test rows, which are now equal


@pytest.mark.parametrize("number", ["1e-05-2.5e+01i", "0.5", "-2i", "1 - 0.25i", "(1+2i)"])
def test_numbers_are_read_as_matlab_and_python_write_them(made, number):
    folder, _ = made
    (folder / "Train" / "train_data.csv").write_text((",".join([number] * 1024) + "\n") * 20)
    block = next(HisarMod(folder).blocks())
    expected = complex(number.replace(" ", "").replace("i", "j"))
    assert (block.iq == np.complex64(expected)).all()


def test_a_folder_is_known_by_its_layout(made, tmp_path):
    assert is_hisarmod(made[0])
    assert not is_hisarmod(tmp_path)


def change(folder, name, old, new):
    path = next(folder.rglob(name))
    path.write_text(path.read_text().replace(old, new, 1))


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("train_data.csv", ",", ";", "1024 samples, got 1023"),
        ("train_data.csv", "i,", "k,", "row 1 of .* complex numbers"),
        ("train_data.csv", "\n", "\n" + ",".join(["1"] * 1024) + "\n", "more rows than its 20"),
        ("test_labels.csv", "10\n", "15\n", "labels 0, 10, 20, … 54 of the set, got 15 in line 2"),
        ("test_labels.csv", "10\n", "ten\n", "one number in each line"),
        ("test_labels.csv", "10\n", "", "25 rows"),
        ("train_snr.csv", "18\n", "17\n", "SNRs"),
        ("train_snr.csv", "18\n", "nan\n", "SNRs"),
    ],
)
def test_a_file_that_is_not_of_the_set_is_refused_in_one_line(made, name, old, new, words):
    folder, _ = made
    change(folder, name, old, new)
    with pytest.raises(DatasetError, match=words) as error:
        list(HisarMod(folder).blocks())
    assert "\n" not in str(error.value)


def test_a_sample_that_is_no_number_is_refused_when_it_is_copied(made, rng, tmp_path):
    folder, _ = made
    iq = rng.normal(size=(20, 1024)) + 0j
    iq[3, 4] = np.nan
    (folder / "Train" / "train_data.csv").write_text(matlab_text(iq))
    with pytest.raises(DatasetError, match="finite"):
        import_dataset(folder, tmp_path / "out", tmp_path)
    assert not (tmp_path / "out").exists()


def test_a_cut_file_is_refused(made):
    path = made[0] / "Test" / "test_data.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:20]))
    with pytest.raises(DatasetError, match="ends after 20 of 26 rows"):
        list(HisarMod(made[0]).known())


@pytest.mark.parametrize("name", ["Train/train_snr.csv", "Test/test_labels.csv"])
def test_a_missing_file_is_named(made, name):
    (made[0] / name).unlink()
    with pytest.raises(DatasetError, match=name):
        HisarMod(made[0])
