"""Whatever a set of arrays is kept in, the same examples come out, and nothing is executed."""

import pickle
from functools import partial

import h5py
import numpy as np
import pytest
import scipy.io
import torch

from rfmae.errors import DatasetError
from rfmae.imports.arrays.array_files import open_arrays
from rfmae.imports.arrays.array_source import ArrayFile, ArrayOptions
from rfmae.imports.arrays.axes import parse_axes
from rfmae.imports.arrays.lazy_array import said

NAMES = ["QPSK", "BPSK", "8PSK", "BPSK", "QPSK", "8PSK"]
CLASSES = ("8PSK", "BPSK", "QPSK")
LABEL = [2, 1, 0, 1, 2, 0]
SNR_DB = [0.0, 10.0, -2.5, 0.0, 10.0, 10.0]


@pytest.fixture
def iq(rng):
    return (rng.normal(size=(6, 9)) + 1j * rng.normal(size=(6, 9))).astype(np.complex64)


def read(path, **options):
    source = ArrayFile(path, ArrayOptions(**options))
    blocks = list(source.blocks())
    held = {
        name: np.concatenate([getattr(block, name) for block in blocks])
        for name in ("iq", "label", "snr_db")
    }
    return source.facts, held


def matlab_73(path, arrays):
    """A file as MATLAB writes it: reversed axes, cells as references, characters as numbers."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in arrays.items():
            if isinstance(value, list):
                cell = file.create_dataset(name, (1, len(value)), h5py.ref_dtype)
                cell.attrs["MATLAB_class"] = np.bytes_("cell")
                for number, word in enumerate(value):
                    text = np.array([[ord(letter)] for letter in word], np.uint16)
                    item = file.create_dataset(f"#refs#/{name}{number}", data=text)
                    item.attrs["MATLAB_class"] = np.bytes_("char")
                    cell[0, number] = item.ref
            else:
                parts = np.dtype([("real", "f4"), ("imag", "f4")])
                turned = np.ascontiguousarray(value.T)
                file[name] = turned.view(parts) if np.iscomplexobj(value) else turned
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(116) + b"\0" * 8 + b"\x00\x02IM")


def hdf5(path, arrays, group="", dtype=None):
    with h5py.File(path, "w") as file:
        for name, value in arrays.items():
            file.create_dataset(f"{group}{name}", data=value, dtype=dtype if name == "y" else None)


def pickled(path, arrays, protocol=2):
    path.write_bytes(pickle.dumps(arrays, protocol))


def cells(names):
    held = np.empty((len(names), 1), object)
    held[:, 0] = names
    return held


def parts(iq):
    return np.stack([iq.real, iq.imag], axis=1)


WRITERS = {
    "npz of objects": lambda path, iq: np.savez(path, X=iq, y=np.array(NAMES, object), snr=SNR_DB),
    "npz of bytes": lambda path, iq: np.savez(path, X=iq, y=np.array(NAMES, "S5"), snr=SNR_DB),
    "compressed npz": lambda path, iq: np.savez_compressed(path, x=parts(iq), y=NAMES, z=SNR_DB),
    "npz in Fortran order": lambda path, iq: np.savez(
        path, iq=np.asfortranarray(iq), labels=NAMES, snr=np.array(SNR_DB)[:, None]
    ),
    "npz with a list of classes": lambda path, iq: np.savez(
        path, X=iq, y=LABEL, classes=np.array(CLASSES), snr=SNR_DB
    ),
    "cells of MATLAB": lambda path, iq: scipy.io.savemat(
        path, {"iq": iq, "labels": cells(NAMES), "snr": SNR_DB}
    ),
    "characters of MATLAB": lambda path, iq: scipy.io.savemat(
        path, {"iq": iq, "labels": NAMES, "snr": SNR_DB}
    ),
    "a struct of MATLAB": lambda path, iq: scipy.io.savemat(
        path,
        {"set": {"frames": parts(iq).transpose(1, 2, 0), "label": cells(NAMES), "snr": SNR_DB}},
    ),
    "cells of MATLAB 7.3": lambda path, iq: matlab_73(
        path, {"iq": iq, "labels": NAMES, "snr": np.array([SNR_DB])}
    ),
    "HDF5 with words": lambda path, iq: hdf5(
        path, {"X": iq, "y": np.array(NAMES, object), "Z": SNR_DB}, dtype=h5py.string_dtype()
    ),
    "HDF5 in a group": lambda path, iq: hdf5(
        path, {"X": parts(iq), "labels": np.array(NAMES, "S4"), "snr": SNR_DB}, "train/"
    ),
    "a pickle of a dictionary": lambda path, iq: pickled(
        path, {"X": iq, "y": NAMES, "snr": SNR_DB}
    ),
    "a pickle with an array of objects": lambda path, iq: pickled(
        path, {"X": parts(iq), "y": np.array(NAMES, object), "snr": np.array(SNR_DB)}, 4
    ),
    "tensors": lambda path, iq: torch.save(
        {"X": torch.from_numpy(parts(iq)), "y": NAMES, "snr": torch.tensor(SNR_DB)}, path
    ),
    "I and Q in two arrays": lambda path, iq: np.savez(
        path, I=iq.real, Q=iq.imag, y=NAMES, snr=SNR_DB
    ),
    "amplitude and phase": lambda path, iq: np.savez(
        path, amplitude=np.abs(iq), phase=np.angle(iq), y=NAMES, snr=[f"{s} dB" for s in SNR_DB]
    ),
}
SUFFIX = {"npz": ".npz", "I and": ".npz", "ampli": ".npz", "compr": ".npz", "tenso": ".pt"}


def suffix(kind):
    return next((word for start, word in SUFFIX.items() if kind.startswith(start)), ".bin")


@pytest.mark.parametrize("kind", WRITERS)
def test_every_container_gives_the_same_examples(tmp_path, iq, kind, monkeypatch):
    monkeypatch.setattr("rfmae.imports.sources.BLOCK_ROWS", 4)
    path = tmp_path / f"set{suffix(kind)}"
    WRITERS[kind](path, iq)
    facts, held = read(path)
    assert np.allclose(held["iq"], iq, atol=0 if kind != "amplitude and phase" else 1e-6)
    assert [facts.classes[label] for label in held["label"]] == NAMES
    assert held["snr_db"].tolist() == SNR_DB
    assert facts.notes[0].startswith("read ")


def by_class_and_snr(iq, key):
    found = {}
    for row, (name, snr_db) in enumerate(zip(NAMES, SNR_DB, strict=True)):
        found.setdefault(key(name, snr_db), []).append(parts(iq)[row])
    return {place: np.array(rows) for place, rows in found.items()}


def nested(iq):
    tree = {}
    for (name, snr_db), rows in by_class_and_snr(iq, lambda *pair: pair).items():
        tree.setdefault(name, {})[f"{snr_db:g} dB"] = rows
    return tree


KEYED = {
    "pairs": partial(by_class_and_snr, key=lambda name, snr_db: (name, snr_db)),
    "pairs of numpy": partial(by_class_and_snr, key=lambda name, snr_db: (np.str_(name), snr_db)),
    "words": partial(by_class_and_snr, key=lambda name, snr_db: f"{name}_{snr_db:g}dB"),
    "dictionaries": nested,
}


@pytest.mark.parametrize("kind", KEYED)
def test_keys_that_name_class_and_snr_are_labels(tmp_path, iq, kind):
    pickled(tmp_path / "set.pkl", KEYED[kind](iq))
    facts, held = read(tmp_path / "set.pkl")
    order = sorted(range(6), key=lambda row: (NAMES[row], SNR_DB[row]))
    assert facts.classes == CLASSES
    assert np.array_equal(held["iq"], iq[order])
    assert held["label"].tolist() == [LABEL[row] for row in order]
    assert held["snr_db"].tolist() == [SNR_DB[row] for row in order]


def test_keys_that_name_classes_alone_leave_the_snr_unknown(tmp_path, iq):
    np.savez(tmp_path / "set.npz", PAM_4=iq[:3], QAM_16=iq[3:])
    facts, held = read(tmp_path / "set.npz")
    assert held["label"].tolist() == [0, 0, 0, 1, 1, 1]
    assert any("no SNR is known" in note for note in facts.notes)


def test_splits_that_a_file_has_are_kept(tmp_path, iq):
    arrays = {"x_train": iq[:4], "y_train": LABEL[:4], "x_test": iq[4:], "y_test": LABEL[4:]}
    np.savez(tmp_path / "set.npz", **arrays)
    source = ArrayFile(tmp_path / "set.npz", ArrayOptions(classes=CLASSES))
    assert source.places.own_splits == ("test",)
    assert np.array_equal(source.places.split, [-1, -1, -1, -1, 2, 2])
    _, held = read(tmp_path / "set.npz", classes=CLASSES)
    assert held["label"].tolist() == LABEL
    assert np.array_equal(held["iq"], iq)


@pytest.mark.parametrize("names", [("train", "val", "test"), ("training", "validation", "testing")])
def test_all_three_splits_of_a_file_are_kept(tmp_path, iq, names):
    arrays = {}
    for name, rows in zip(names, (slice(0, 3), slice(3, 5), slice(5, 6)), strict=True):
        arrays |= {f"X_{name}": iq[rows], f"y_{name}": np.array(NAMES)[rows]}
    np.savez(tmp_path / "set.npz", **arrays)
    places = ArrayFile(tmp_path / "set.npz").places
    assert places.split.tolist() == [0, 0, 0, 1, 1, 2]


def test_classes_choose_among_the_names_that_a_file_gives_its_numbers(tmp_path, iq):
    np.savez(tmp_path / "set.npz", X=iq, y=LABEL, classes=np.array(CLASSES))
    facts, held = read(tmp_path / "set.npz", classes=("QPSK", "BPSK", "8PSK"))
    assert [facts.classes[label] for label in held["label"]] == NAMES
    assert facts.classes == ("QPSK", "BPSK", "8PSK")
    assert read(tmp_path / "set.npz", classes=("QPSK",))[0].classes[0] == "QPSK"
    with pytest.raises(DatasetError, match="have no '16PSK', which --classes names"):
        read(tmp_path / "set.npz", classes=("16PSK", "BPSK"))


@pytest.mark.parametrize("offset", [0, 40_000])
def test_unsigned_numbers_of_fewer_bits_than_their_type_are_refused(tmp_path, rng, offset):
    values = (offset + rng.integers(0, 4096, (6, 2, 9))).astype("u2")
    np.savez(tmp_path / "set.npz", X=values, y=NAMES)
    with pytest.raises(DatasetError, match=r"never passes its middle 32,768: .*another zero"):
        read(tmp_path / "set.npz")


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_a_changed_bit_in_a_zip_is_found(tmp_path, rng, write):
    write(tmp_path / "set.npz", X=rng.normal(size=(6, 2, 900)).astype(np.float32), y=NAMES)
    content = bytearray((tmp_path / "set.npz").read_bytes())
    content[20_000] ^= 4
    (tmp_path / "set.npz").write_bytes(content)
    with pytest.raises(DatasetError, match=r"set\.npz cannot be read"):
        read(tmp_path / "set.npz")


def test_an_empty_array_is_refused_in_one_line(tmp_path):
    np.savez(tmp_path / "set.npz", X=np.zeros((0, 2, 48), "f4"), y=np.array([], "U4"))
    with pytest.raises(DatasetError, match="I/Q"):
        read(tmp_path / "set.npz")


def test_a_link_in_hdf5_is_named(tmp_path, iq):
    hdf5(tmp_path / "other.h5", {"X": iq})
    hdf5(tmp_path / "set.h5", {"y": np.array(NAMES, "S4")})
    with h5py.File(tmp_path / "set.h5", "r+") as file:
        file["X"] = h5py.ExternalLink("other.h5", "/X")
    with pytest.raises(DatasetError, match="the name X in it is a link to another place"):
        read(tmp_path / "set.h5")


def test_the_label_column_that_is_taken_is_said_and_the_others_too(tmp_path, iq):
    np.savez(tmp_path / "set.npz", X=iq, y=NAMES, modulation=NAMES[::-1])
    facts, held = read(tmp_path / "set.npz")
    assert "labels: y (modulation left alone), names" in facts.notes[0]
    assert [facts.classes[label] for label in held["label"]] == NAMES


def test_snrs_in_the_table_of_the_labels_are_taken(tmp_path, iq):
    np.save(tmp_path / "set.npy", iq)
    rows = [f"{name},{snr_db}" for name, snr_db in zip(NAMES, SNR_DB, strict=True)]
    (tmp_path / "labels.csv").write_text("\n".join(["label,snr", *rows]))
    assert (
        read(tmp_path / "set.npy", labels=tmp_path / "labels.csv")[1]["snr_db"].tolist() == SNR_DB
    )


def test_arrays_can_be_named(tmp_path, iq):
    np.savez(tmp_path / "set.npz", one=iq, two=2 * iq, a=LABEL, b=SNR_DB, c=LABEL)
    named = {"iq_key": "two", "label_key": "a", "snr_key": "b", "classes": CLASSES}
    _, held = read(tmp_path / "set.npz", **named)
    assert np.array_equal(held["iq"], 2 * iq)
    assert held["snr_db"].tolist() == SNR_DB
    with pytest.raises(DatasetError, match=r"no array 'tow' \(--iq-key\); did you mean two"):
        read(tmp_path / "set.npz", **{**named, "iq_key": "tow"})


@pytest.mark.parametrize(
    ("dtype", "zero", "full_scale"),
    [("u1", 128, 128), ("u2", 32768, 32768), ("i1", 0, 128), ("i2", 0, 32768), ("i4", 0, 2.0**31)],
)
def test_whole_numbers_are_scaled_and_lose_their_offset(tmp_path, rng, dtype, zero, full_scale):
    info = np.iinfo(dtype)
    values = rng.integers(info.min, info.max, (6, 2, 9), dtype=dtype, endpoint=True)
    np.savez(tmp_path / "set.npz", X=values, y=NAMES)
    facts, held = read(tmp_path / "set.npz")
    expected = (values.astype(np.float64) - zero) / full_scale
    assert np.allclose(held["iq"], expected[:, 0] + 1j * expected[:, 1], atol=1e-7)
    assert np.abs(held["iq"].real).max() <= 1
    assert f"{np.dtype(dtype)} scaled as" in facts.notes[0]


def test_counts_wider_than_a_converter_stay_as_they_are(tmp_path, rng):
    values = rng.integers(-3, 4, (6, 2, 9))
    np.savez(tmp_path / "set.npz", X=values, y=NAMES)
    assert np.array_equal(read(tmp_path / "set.npz")[1]["iq"], values[:, 0] + 1j * values[:, 1])


def test_a_step_back_in_a_compressed_array_begins_again(tmp_path, iq):
    np.savez_compressed(tmp_path / "set.npz", x=iq)
    array = open_arrays(tmp_path / "set.npz")[("x",)]
    assert np.array_equal(array.slab(0, 4, 6), iq[4:])
    assert np.array_equal(array.slab(0, 1, 3), iq[1:3])
    assert np.array_equal(array.slab(1, 2, 4), iq[:, 2:4])


class Touches:
    """Unpickling this object leaves a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("file", ["set.pkl", "set.pt", "set.npz"])
def test_nothing_of_a_file_is_executed(tmp_path, iq, file):
    marker = tmp_path / "marker"
    content = {"X": iq, "y": Touches(marker)}
    if file == "set.pkl":
        pickled(tmp_path / file, content)
    elif file == "set.pt":
        torch.save(content, tmp_path / file)
    else:
        np.savez(tmp_path / file, X=iq, y=np.array([Touches(marker)], object))
    marker.unlink(missing_ok=True)
    with pytest.raises(DatasetError) as error:
        read(tmp_path / file)
    assert "\n" not in str(error.value)
    assert not marker.exists()


def test_storage_in_other_files_is_refused(tmp_path, iq):
    np.save(tmp_path / "raw.npy", iq)
    with h5py.File(tmp_path / "set.h5", "w") as file:
        file.create_dataset("X", (6, 9), "c8", external=[(str(tmp_path / "raw.npy"), 128, 432)])
        file["y"] = LABEL
    with pytest.raises(DatasetError, match="lies in another file"):
        read(tmp_path / "set.h5", classes=CLASSES)


def test_a_list_that_holds_itself_is_refused(tmp_path):
    loop = []
    loop.append(loop)
    pickled(tmp_path / "set.pkl", {"X": loop})
    with pytest.raises(DatasetError, match="nested deeper"):
        open_arrays(tmp_path / "set.pkl")


def test_axes_may_be_said_where_sizes_do_not_tell(tmp_path, rng):
    square = (rng.normal(size=(6, 6)) + 1j * rng.normal(size=(6, 6))).astype(np.complex64)
    np.savez(tmp_path / "set.npz", X=square, y=NAMES)
    with pytest.raises(DatasetError, match="N,T or T,N; say which with --axes"):
        read(tmp_path / "set.npz")
    assert np.array_equal(read(tmp_path / "set.npz", axes=parse_axes("T,N"))[1]["iq"], square.T)


def test_a_file_whose_content_is_not_understood_lists_it(tmp_path, iq):
    np.savez(tmp_path / "set.npz", one=iq, two=iq, y=NAMES)
    with pytest.raises(DatasetError, match=r"--iq-key; it holds one \(6, 9\), two \(6, 9\), y"):
        read(tmp_path / "set.npz")
    assert [said(place) for place in open_arrays(tmp_path / "set.npz")] == ["one", "two", "y"]
