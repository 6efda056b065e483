"""MAT-files of version 5 read as scipy reads them, and damaged ones refused."""

import struct
from contextlib import suppress

import numpy as np
import pytest
import scipy.io

from rfmae.imports.matlab5 import read_matlab5

KINDS = ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8", "c8", "c16")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("shape", [(3, 4), (1, 1), (2, 3, 5), (0, 2)])
@pytest.mark.parametrize("kind", KINDS)
def test_numbers_are_those_that_scipy_wrote(tmp_path, rng, kind, shape, packed):
    values = (100 * rng.random(shape)).astype(kind)
    values = values * (1 - 0.5j) if kind.startswith("c") else values
    scipy.io.savemat(tmp_path / "a.mat", {"iq": values.astype(kind)}, do_compression=packed)
    found, theirs = read_matlab5(tmp_path / "a.mat"), scipy.io.loadmat(tmp_path / "a.mat")
    assert found["iq"].dtype == theirs["iq"].dtype
    np.testing.assert_array_equal(found["iq"], theirs["iq"])


def test_texts_lose_the_spaces_that_fill_a_matrix(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"label": np.array(["QPSK", "16QAM", "π/4"])})
    assert read_matlab5(tmp_path / "a.mat")["label"].tolist() == ["QPSK", "16QAM", "π/4"]


def test_structs_and_cells_are_dictionaries_and_lists(tmp_path):
    cell = np.array([np.arange(3.0), "words"], object)
    held = {"s": {"a": 1.0, "inner": {"b": "QPSK", "c": cell}}, "x": np.arange(3.0)}
    scipy.io.savemat(tmp_path / "a.mat", held)
    found = read_matlab5(tmp_path / "a.mat")
    assert list(found) == ["s", "x"]
    assert found["s"]["a"].tolist() == [[1.0]]
    assert found["s"]["inner"]["b"].tolist() == ["QPSK"]
    assert [item.tolist() for item in found["s"]["inner"]["c"]] == [[[0.0, 1.0, 2.0]], ["words"]]


def test_an_array_of_structs_has_a_list_for_each_field(tmp_path):
    structs = np.array([(1.0, "a"), (2.0, "b"), (3.0, "c")], [("number", "f8"), ("name", object)])
    scipy.io.savemat(tmp_path / "a.mat", {"s": structs})
    found = read_matlab5(tmp_path / "a.mat")["s"]
    assert [item.item() for item in found["number"]] == [1.0, 2.0, 3.0]
    assert [item.item() for item in found["name"]] == ["a", "b", "c"]


def test_the_other_byte_order(tmp_path):
    def element(kind, data):
        return struct.pack(">II", kind, len(data)) + data + bytes(-len(data) % 8)

    flags, size = struct.pack(">II", 7, 0), struct.pack(">ii", 1, 2)
    parts = element(6, flags) + element(5, size) + element(1, b"x")
    matrix = element(14, parts + element(7, struct.pack(">ff", 1.5, -2)))
    header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x01\x00MI"
    (tmp_path / "a.mat").write_bytes(header + matrix)
    assert read_matlab5(tmp_path / "a.mat")["x"].tolist() == [[1.5, -2.0]]


@pytest.mark.parametrize("place", [131, 134, 150, 159, 167, 300])
def test_damage_is_a_value_error_or_another_value(tmp_path, place):
    scipy.io.savemat(tmp_path / "a.mat", {"iq": np.ones((4, 8), np.complex64)})
    whole = (tmp_path / "a.mat").read_bytes()
    (tmp_path / "a.mat").write_bytes(whole[:place])
    with pytest.raises(ValueError):
        read_matlab5(tmp_path / "a.mat")
    (tmp_path / "a.mat").write_bytes(whole[:place] + b"\xff\xff\xff\x7f" + whole[place + 4 :])
    with suppress(ValueError):
        assert isinstance(read_matlab5(tmp_path / "a.mat"), dict)
