"""Plain arrays are read whatever their file, layout and labels, and never by running them."""

import json
import zipfile

import h5py
import numpy as np
import pytest
import scipy.io

from rfmae.errors import DatasetError
from rfmae.imports.arrays.array_source import ArrayFile, ArrayOptions

NAMES = ["QAM16", "QPSK", "QPSK", "GMSK", "QAM16"]
CLASSES = ("GMSK", "16QAM", "QPSK")  # sorted as they are in the file, named as in the table
LABEL = [1, 2, 2, 0, 1]
SNR_DB = [0.0, 10.0, -2.5, 0.0, 10.0]


@pytest.fixture
def iq(rng):
    return (rng.normal(size=(5, 7)) + 1j * rng.normal(size=(5, 7))).astype(np.complex64)


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "labels.txt"
    path.write_text("\n".join(NAMES) + "\n")
    return path


def write_npy(path, iq):
    np.save(path, iq)


def write_npz(path, iq):
    np.savez_compressed(path, iq=iq)


def write_mat(path, iq):
    scipy.io.savemat(path, {"iq": iq})


def write_mat_73(path, iq):
    """As MATLAB does: a header before the HDF5, axes reversed, complex numbers as records."""
    with h5py.File(path, "w", userblock_size=512) as file:
        parts = np.dtype([("real", "f4"), ("imag", "f4")])
        turned = np.ascontiguousarray(iq.T)
        file["data_save"] = turned.view(parts) if np.iscomplexobj(iq) else turned
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64")


WRITERS = {"a.npy": write_npy, "a.npz": write_npz, "a.mat": write_mat, "b.mat": write_mat_73}

LAYOUTS = {
    "complex": lambda iq: iq,
    "iq-first": lambda iq: np.stack([iq.real, iq.imag], axis=1),
    "iq-last": lambda iq: np.stack([iq.real, iq.imag], axis=2),
}


def read(path, **options):
    source = ArrayFile(path, ArrayOptions(**options))
    blocks = list(source.blocks())
    return source.facts, {
        name: np.concatenate([getattr(block, name) for block in blocks])
        for name in ("iq", "label", "snr_db")
    }


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("file", WRITERS)
def test_every_file_and_layout_gives_the_same_examples(
    tmp_path, iq, labels, layout, file, monkeypatch
):
    monkeypatch.setattr("rfmae.imports.sources.BLOCK_ROWS", 2)
    WRITERS[file](tmp_path / file, LAYOUTS[layout](iq))
    facts, held = read(tmp_path / file, labels=labels)
    assert np.array_equal(held["iq"], iq)
    assert np.array_equal(held["label"], LABEL)
    assert facts.classes == CLASSES
    assert (facts.rows, facts.samples, facts.samples_per_symbol) == (5, 7, 1.0)


def text_table(path, values):
    path.write_text("row,Label,snr\n" + "".join(f"{n},{v},0\n" for n, v in enumerate(values)))


def json_list(path, values):
    path.write_text(json.dumps(list(values)))


def npy_column(path, values):
    np.save(path, np.array(values))


@pytest.mark.parametrize(
    ("name", "write"),
    [("l.csv", text_table), ("l.json", json_list), ("l.npy", npy_column)],
)
@pytest.mark.parametrize("values", [NAMES, LABEL], ids=["names", "numbers"])
def test_labels_are_names_or_places_in_the_classes(tmp_path, iq, name, write, values):
    np.save(tmp_path / "iq.npy", iq)
    write(tmp_path / name, values)
    facts, held = read(
        tmp_path / "iq.npy", labels=tmp_path / name, classes=("GMSK", "QAM16", "QPSK")
    )
    assert np.array_equal(held["label"], LABEL)
    assert facts.classes == CLASSES


def test_labels_and_snrs_may_be_in_the_same_file(tmp_path, iq):
    np.savez(tmp_path / "a.npz", X=iq, y=np.array(NAMES), snr=np.array(SNR_DB)[:, None])
    facts, held = read(tmp_path / "a.npz")
    assert np.array_equal(held["label"], LABEL)
    assert np.array_equal(held["snr_db"], SNR_DB)
    understood, note = facts.notes
    assert understood == (
        "read X (5, 7) as N,T of complex64; SNR: 3 points from -2.5 to 10 dB; labels: y, names"
    )
    assert note.startswith("QAM16 is written 16QAM; its samples were not checked (")


def test_snrs_are_read_from_a_file_beside(tmp_path, iq, labels):
    np.save(tmp_path / "iq.npy", iq)
    (tmp_path / "snr.txt").write_text("snr_db\n" + "\n".join(map(str, SNR_DB)))
    _, held = read(tmp_path / "iq.npy", labels=labels, snr=tmp_path / "snr.txt")
    assert np.array_equal(held["snr_db"], SNR_DB)


def test_without_snrs_all_examples_are_at_one_point_and_it_is_said(tmp_path, iq, labels):
    np.save(tmp_path / "iq.npy", iq.astype(np.complex128))
    facts, held = read(tmp_path / "iq.npy", labels=labels)
    assert (held["snr_db"] == 0).all()
    assert "no SNR is known" in facts.notes[1]
    assert "rounded from complex128" in facts.notes[2]


def test_the_name_of_the_set_is_that_of_the_file(tmp_path, iq, labels):
    np.save(tmp_path / "My Data_v2.npy", iq)
    assert read(tmp_path / "My Data_v2.npy", labels=labels)[0].name == "my-data-v2"


# what is refused ----------------------------------------------------------------------------


def refused(words, path, **options):
    with pytest.raises(DatasetError, match=words) as error:
        read(path, **options)
    assert "\n" not in str(error.value)


class Touches:
    """Unpickling this object leaves a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("file", ["a.npy", "a.npz"])
def test_objects_are_refused_and_not_made(tmp_path, labels, file):
    marker = tmp_path / "marker"
    values = np.array([Touches(marker)], dtype=object)
    if file == "a.npy":
        np.save(tmp_path / file, values, allow_pickle=True)
    else:
        np.savez(tmp_path / file, iq=values)
    refused("cannot be read", tmp_path / file, labels=labels)
    np.save(tmp_path / "l.npy", values, allow_pickle=True)
    np.save(tmp_path / "iq.npy", np.ones((1, 4), complex))
    refused("cannot be read", tmp_path / "iq.npy", labels=tmp_path / "l.npy")
    assert not marker.exists()


@pytest.mark.parametrize("file", WRITERS)
def test_a_cut_file_is_refused(tmp_path, rng, labels, file):
    path = tmp_path / file
    WRITERS[file](path, rng.normal(size=(5, 2, 4000)).astype(np.float32))
    n_bytes = path.read_bytes()
    for part in (0.1, 0.5, 0.9):
        path.write_bytes(n_bytes[: int(part * len(n_bytes))])
        refused(str(path), path, labels=labels)


@pytest.mark.parametrize(
    "values",
    [
        np.ones((5, 7)),
        np.ones((5, 3, 7)),
        np.ones((5, 2, 7), complex),
        np.ones((0, 2, 7)),
        np.ones(5, complex),
        np.array(["a", "b"]),
    ],
    ids=lambda values: f"{values.dtype} {values.shape}",
)
def test_shapes_that_are_no_iq_are_refused(tmp_path, labels, values):
    np.save(tmp_path / "iq.npy", values)
    refused("I/Q", tmp_path / "iq.npy", labels=labels)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_samples_that_are_no_single_precision_numbers_are_known(tmp_path, iq, labels, value):
    wrong = iq.astype(np.complex128)
    wrong[3, 2] = value
    np.save(tmp_path / "iq.npy", wrong)
    (known,) = ArrayFile(tmp_path / "iq.npy", ArrayOptions(labels=labels)).known()
    assert known.bad.tolist() == [False, False, False, True, False]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("QPSK\nQPSK\n", "for each of the 5 examples .* got 2"),
        ("0\n1\n2\n0\n1\n", "--classes"),
        ("a,b\n" * 5, "2 columns"),
        ("label,b\nQPSK\n", "must have 2 columns"),
        ("", "got 0"),
    ],
)
def test_labels_that_do_not_fit_are_refused(tmp_path, iq, text, words):
    np.save(tmp_path / "iq.npy", iq)
    (tmp_path / "l.csv").write_text(text)
    refused(words, tmp_path / "iq.npy", labels=tmp_path / "l.csv")


def test_labels_outside_the_classes_are_refused(tmp_path, iq, labels):
    np.save(tmp_path / "iq.npy", iq)
    refused("no 'PQSK'", tmp_path / "iq.npy", labels=labels, classes=("PQSK", "QAM16"))
    (tmp_path / "l.json").write_text("[0, 1, 2, 3, -1]")
    refused("from 0 to 3", tmp_path / "iq.npy", labels=tmp_path / "l.json", classes=tuple("abcd"))
    (tmp_path / "l.json").write_text("[0, 1, 2, 3, 0.5]")
    refused("whole", tmp_path / "iq.npy", labels=tmp_path / "l.json", classes=tuple("abcd"))


def test_labels_of_no_file_or_none_at_all_are_refused(tmp_path, iq):
    np.save(tmp_path / "iq.npy", iq)
    refused("--label-file", tmp_path / "iq.npy")
    refused("no file", tmp_path / "iq.npy", labels=tmp_path / "none.csv")
    (tmp_path / "l.dat").write_text("QPSK\n")
    refused("must be a .npy, .json", tmp_path / "iq.npy", labels=tmp_path / "l.dat")
    (tmp_path / "l.json").write_text('{"labels": []}')
    refused("JSON list", tmp_path / "iq.npy", labels=tmp_path / "l.json")


@pytest.mark.parametrize("snrs", [["a"] * 5, [np.nan] * 5, [1e4] * 5])
def test_snrs_that_are_none_are_refused(tmp_path, iq, labels, snrs):
    np.save(tmp_path / "iq.npy", iq)
    np.save(tmp_path / "snr.npy", np.array(snrs))
    refused("SNRs", tmp_path / "iq.npy", labels=labels, snr=tmp_path / "snr.npy")


def test_snrs_on_no_grid_are_refused_with_a_way_out(tmp_path, rng):
    snr_db = rng.normal(size=300)
    np.savez(tmp_path / "a.npz", iq=np.ones((300, 4), complex), y=["QPSK"] * 300, snr=snr_db)
    refused("300 values.*round", tmp_path / "a.npz")


def test_of_several_arrays_the_one_called_iq_is_taken(tmp_path, iq, labels):
    np.savez(tmp_path / "a.npz", iq=iq, clean=iq)
    assert np.array_equal(read(tmp_path / "a.npz", labels=labels)[1]["iq"], iq)
    np.savez(tmp_path / "b.npz", first=iq, second=iq)
    refused(r"--iq-key; it holds first \(5, 7\)", tmp_path / "b.npz", labels=labels)


def test_a_file_of_another_kind_is_refused(tmp_path, labels):
    (tmp_path / "a.npy").write_bytes(b"words")
    refused("begins otherwise", tmp_path / "a.npy", labels=labels)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("readme.txt", "words")
    refused("it holds none", tmp_path / "a.npz", labels=labels)
    refused("no file", tmp_path / "none.npy", labels=labels)


def test_rows_that_take_no_space_in_the_file_take_no_memory(tmp_path):
    path = tmp_path / "huge.mat"
    write_mat_73(path, np.ones((4, 8), np.complex64))
    with h5py.File(path, "r+") as file:
        kind = file["data_save"].dtype
        del file["data_save"]
        file.create_dataset("data_save", (10**6, 10**6), kind, chunks=(8, 8))
    with pytest.raises(DatasetError, match="holds 0 bytes"):
        ArrayFile(path)


@pytest.mark.parametrize("place", [60, 100, 200, 300])
@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_damaged_arrays_of_numpy_are_one_line(tmp_path, iq, name, place):
    WRITERS[name](tmp_path / name, iq)
    whole = bytearray((tmp_path / name).read_bytes())
    whole[place : place + 8] = b"(((((((("
    (tmp_path / name).write_bytes(whole)
    try:
        ArrayFile(tmp_path / name)
    except DatasetError as error:
        assert "\n" not in str(error)
