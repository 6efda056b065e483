"""The sets of 2016 are distinguished by their content, and keep every sample and label."""

import numpy as np
import pytest
from miniatures import ELEVEN, SNRS, python2_pickle, radioml_cells

from rfmae.errors import DatasetError
from rfmae.imports import sources
from rfmae.imports.import_plan import refuse_bad_rows, survey
from rfmae.imports.radioml import RadioMl2016
from rfmae.progress import Silent

TEN = tuple(name for name in ELEVEN if name != "AM-SSB")

HOUSE = {
    "AM-DSB": "AM-DSB-WC",
    "AM-SSB": "AM-SSB-SC",
    "PAM4": "4PAM",
    "QAM16": "16QAM",
    "QAM64": "64QAM",
}


def uneven(place):
    return 2 + place % 3


def opened(tmp_path, cells, protocol=2, name="any.name"):
    path = tmp_path / name
    path.write_bytes(python2_pickle(cells, protocol))
    return RadioMl2016(path)


@pytest.mark.parametrize("protocol", [0, 2])
@pytest.mark.parametrize(
    ("classes", "rows", "name"),
    [
        (ELEVEN, uneven, "radioml-2016-04c"),
        (ELEVEN, 2, "radioml-2016-10a"),
        (TEN, 2, "radioml-2016-10b"),
    ],
)
def test_the_set_is_found_from_its_content_whatever_the_file_is_called(
    tmp_path, rng, classes, rows, name, protocol
):
    source = opened(tmp_path, radioml_cells(rng, classes, SNRS, rows), protocol, "RML2016.pkl")
    assert source.facts.name == name
    assert source.facts.classes == tuple(HOUSE.get(name, name) for name in classes)
    assert source.facts.samples_per_symbol == 8
    assert source.facts.samples == 128
    assert source.facts.overlapping == (name == "radioml-2016-04c")


@pytest.mark.parametrize("protocol", [0, 2])
def test_every_row_is_there_once_by_class_then_snr_as_it_is_in_the_file(tmp_path, rng, protocol):
    cells = radioml_cells(rng, rows=uneven)
    source = opened(tmp_path, cells, protocol)
    blocks = list(source.blocks())
    iq = np.concatenate([block.iq for block in blocks])
    parts = np.concatenate([cells[name, snr] for name in ELEVEN for snr in SNRS])
    assert np.array_equal(iq.real, parts[:, 0])
    assert np.array_equal(iq.imag, parts[:, 1])
    label = np.concatenate([block.label for block in blocks])
    counts = [uneven(place) * len(SNRS) for place in range(len(ELEVEN))]
    assert np.array_equal(label, np.repeat(np.arange(len(ELEVEN)), counts))
    assert {block.snr_reference for block in blocks} == {"dataset"}
    assert source.facts.rows == len(iq)


def test_blocks_are_no_larger_than_they_may_be(tmp_path, rng, monkeypatch):
    source = opened(tmp_path, radioml_cells(rng, rows=5))
    whole = np.concatenate([block.iq for block in source.blocks()])
    monkeypatch.setattr("rfmae.imports.radioml.BLOCK_ROWS", 2)
    blocks = list(source.blocks())
    assert max(map(len, blocks)) == 2
    assert np.array_equal(np.concatenate([block.iq for block in blocks]), whole)
    assert sources.BLOCK_ROWS * 1024 * 8 <= 2**23


def test_what_is_known_of_the_rows_is_what_the_blocks_say(tmp_path, rng):
    cells = radioml_cells(rng)
    cells["QPSK", 2][1] = cells["QPSK", 2][0]
    source = opened(tmp_path, cells)
    known, blocks = list(source.known()), list(source.blocks())
    for name in ("label", "snr_db"):
        expected = [getattr(block, name) for block in blocks]
        assert np.array_equal(
            np.concatenate([getattr(item, name) for item in known]), np.concatenate(expected)
        )
    digests = np.concatenate([item.digest for item in known])
    assert len(np.unique(digests)) == len(digests) - 1  # the two rows that are equal


def test_the_notes_say_what_is_wrong_with_the_set_and_how_much_of_it_there_is(tmp_path, rng):
    notes = " ".join(opened(tmp_path, radioml_cells(rng)).facts.notes)
    for words in ("Es/N0", "seed", "AM-SSB", "440 of the 220000"):
        assert words in notes


def without(cells, key):
    return {other: array for other, array in cells.items() if other != key}


def with_nan(cells):
    cells["GFSK", 4][1, 1, 7] = np.nan
    return cells


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda cells: without(cells, ("QPSK", 2)), "none of RadioML"),
        (lambda cells: {**cells, ("QPSK", 20): cells["QPSK", 2]}, "21 SNRs from -20 to 20"),
        (lambda cells: {**cells, ("8FSK", 2): cells["QPSK", 2]}, "12 classes"),
        (lambda cells: {**cells, ("QPSK", 2): cells["QPSK", 2][:, :, :64]}, r"\(2, 2, 64\)"),
        (lambda cells: {**cells, ("QPSK", 2): cells["QPSK", 2].astype("f8")}, "float64"),
        (lambda cells: {**cells, ("QPSK", 2): cells["QPSK", 2].reshape(2, 128, 2)}, "128, 2"),
        (lambda cells: {**cells, ("QPSK", 2): cells["QPSK", 2][:0]}, r"\(0, 2, 128\)"),
    ],
)
def test_another_dictionary_is_refused_in_one_line(tmp_path, rng, change, words):
    with pytest.raises(DatasetError, match=words) as error:
        opened(tmp_path, change(radioml_cells(rng)))
    assert "\n" not in str(error.value)


def test_a_sample_that_is_no_number_is_named_by_its_row(tmp_path, rng):
    source = opened(tmp_path, with_nan(radioml_cells(rng)))
    with pytest.raises(DatasetError, match=r"1 row of .* \(GFSK at 4 dB\); --drop-bad-rows"):
        refuse_bad_rows(source.facts, survey(source, Silent()))


@pytest.mark.parametrize("key", ["QPSK", ("QPSK",), (2, "QPSK"), ("QPSK", "2")])
def test_keys_are_a_class_and_an_snr(tmp_path, key):
    import pickle

    path = tmp_path / "keys"
    path.write_bytes(pickle.dumps({key: np.zeros((1, 2, 128), "f4")}, 2))
    with pytest.raises(DatasetError, match="keys"):
        RadioMl2016(path)
