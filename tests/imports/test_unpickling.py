"""Arrays come out of a pickle as they went in, and nothing that it names is ever called."""

import builtins
import copyreg
import importlib
import io
import os
import pickle
import pickletools
import subprocess
import tracemalloc

import numpy as np
import pytest
from miniatures import python2_pickle

from rfmae.errors import DatasetError
from rfmae.imports.unpickling import read_pickled_arrays


@pytest.fixture
def arrays(rng):
    return {
        ("QPSK", 2): rng.normal(size=(3, 2, 128)).astype(np.float32),
        ("QAM16", -20): rng.normal(size=(2, 2, 128)).astype(np.float32),
        ("QPSK", -4): rng.normal(size=(1, 2, 128)).astype(np.float32),
    }


def write(path, content):
    path.write_bytes(content)
    return path


def read(tmp_path, content):
    return read_pickled_arrays(write(tmp_path / "arrays", content))


def assert_same(found, arrays):
    assert found.keys() == arrays.keys()
    for key, array in arrays.items():
        read = found[key].read()
        assert read.dtype == array.dtype
        assert np.array_equal(read, array)


# what is read -------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", [0, 2])
def test_pickles_of_python_2_are_read_bit_for_bit(tmp_path, arrays, protocol):
    assert_same(read(tmp_path, python2_pickle(arrays, protocol)), arrays)


@pytest.mark.parametrize("protocol", [0, 2])
def test_the_miniature_is_a_pickle_to_python_too(arrays, protocol):
    content = python2_pickle(arrays, protocol)
    loaded = pickle.loads(content, encoding="latin1")
    assert all(np.array_equal(loaded[key], array) for key, array in arrays.items())


def test_the_miniature_of_protocol_2_has_the_operations_of_python_2(arrays):
    listing = io.StringIO()
    content = python2_pickle(arrays, 2)
    pickletools.dis(content, out=listing)  # also checks the stack and the memo
    used = {opcode.name for opcode, _, _ in pickletools.genops(content)}
    assert {"SHORT_BINSTRING", "BINSTRING", "GLOBAL", "REDUCE", "BUILD", "SETITEMS"} <= used
    assert "numpy.core.multiarray _reconstruct" in listing.getvalue()


@pytest.mark.parametrize("protocol", range(6))
def test_pickles_of_python_3_are_read_bit_for_bit(tmp_path, arrays, protocol):
    assert_same(read(tmp_path, pickle.dumps(arrays, protocol)), arrays)


@pytest.mark.parametrize("protocol", range(4))
def test_the_old_and_the_new_home_of_numpy_are_the_same(tmp_path, arrays, protocol):
    content = pickle.dumps(arrays, protocol)
    names = {b"numpy._core.multiarray\n", b"numpy.core.multiarray\n"}
    here = next(name for name in names if name in content)
    other = (names - {here}).pop()
    assert_same(read(tmp_path, content.replace(here, other)), arrays)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", "<i2", "u1", "<c8", "?"])
def test_every_type_of_number_and_axis_order_is_read(tmp_path, protocol, dtype):
    values = np.arange(24).reshape(4, 3, 2).astype(dtype)
    arrays = {"C": values, "F": np.asfortranarray(values)}
    assert_same(read(tmp_path, pickle.dumps(arrays, protocol)), arrays)


@pytest.mark.parametrize("protocol", range(6))
def test_keys_may_be_numbers_of_numpy(tmp_path, protocol):
    arrays = {("BPSK", np.int64(-300)): np.ones(3), ("BPSK", np.float32(0.5)): np.ones(2)}
    assert_same(read(tmp_path, pickle.dumps(arrays, protocol)), arrays)


def test_arrays_stay_on_the_disk_until_they_are_read(tmp_path):
    path = write(tmp_path / "large", python2_pickle({("A", 0): np.zeros(2**21, "f4")}, 2))
    tracemalloc.start()
    found = read_pickled_arrays(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20  # of eight megabytes
    assert found["A", 0].read().shape == (2**21,)


# what is refused ----------------------------------------------------------------------------


class Asks:
    """An object whose pickle makes python call something."""

    def __init__(self, call, *arguments, state=None):
        self.made = (call, arguments) if state is None else (call, arguments, state)

    def __reduce__(self):
        return self.made


def refused(tmp_path, content):
    with pytest.raises(DatasetError) as error:
        read(tmp_path, content)
    assert "\n" not in str(error.value)
    return str(error.value)


def attacks(marker):
    touch = f"open({str(marker)!r}, 'w').close()"
    return {
        "os.system": Asks(os.system, f"touch {marker}"),
        "eval": Asks(eval, touch),
        "exec": Asks(exec, touch),
        "getattr": Asks(getattr, Asks(importlib.import_module, "os"), "system"),
        "import": Asks(builtins.__import__, "os"),
        "open": Asks(open, str(marker), "w"),
        "subprocess": Asks(subprocess.call, ["touch", str(marker)]),
        "numpy.load": Asks(np.load, str(marker)),
        "numpy.fromfile": Asks(np.fromfile, str(marker)),
        "numpy.save": Asks(np.save, str(marker), np.zeros(2)),
        "numpy.memmap": Asks(np.memmap, str(marker), "u1", "w+", 0, (4,)),
        "runstring": Asks(np.testing._private.utils.runstring, touch, {}),
        "copyreg": Asks(copyreg._reconstructor, object, object, None),
        "nested": Asks(np.array, [Asks(eval, touch)]),
    }


NAMES = sorted(attacks(""))


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", NAMES)
def test_a_call_of_anything_else_is_refused_and_not_made(tmp_path, name, protocol):
    marker = tmp_path / "marker"
    attack = attacks(marker)[name]
    for content in (attack, {("QPSK", 2): attack}, {("QPSK", attack): np.zeros(2)}, [attack]):
        refused(tmp_path, pickle.dumps(content, protocol))
    assert not marker.exists()


@pytest.mark.parametrize("name", ["os.system", "eval", "exec", "open", "runstring", "nested"])
def test_python_itself_would_have_made_those_calls(tmp_path, name):
    marker = tmp_path / "marker"
    pickle.loads(pickle.dumps({("QPSK", 2): attacks(marker)[name]}, 2))
    assert marker.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"(S'touch MARK'\nios\nsystem\n.",  # INST
        b"(cos\nsystem\nS'touch MARK'\no.",  # OBJ
        b"cos\nsystem\n(S'touch MARK'\ntR.",
        b"\x80\x02cos\nsystem\nU\nx\x85\x81.",  # NEWOBJ
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0atouch MARK\x85R.",
        b"\x80\x04\x8c\x05numpy\x8c\x11lib.npyio.os.path\x93.",  # a name with dots
        b"\x80\x02\x82\x01.",  # EXT1
        b"Pmarker\n.",  # PERSID
        b"\x80\x02cnumpy\nndarray\n}U\x01xK\x01sb.",  # BUILD on a type
        b"\x80\x02cnumpy\ndtype\n}U\x04nameK\x01sb.",
        b"\x80\x02cnumpy\nndarray\n(K\x02tR.",  # a call of the type itself
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(cnumpy\ndtype\nK\x00\x85U\x01btR.",
        b"\x80\x02cnumpy.core.multiarray\nfrombuffer\n.",
        b"c__builtin__\neval\n.",
        b"cnumpy\nlib.utils.safe_eval\n.",
        b"cnumpy.core.multiarray._reconstruct\n__globals__\n.",
    ],
)
def test_operations_that_make_objects_are_refused(tmp_path, content):
    marker = tmp_path / "marker"
    refused(tmp_path, content.replace(b"MARK", str(marker).encode()))
    assert not marker.exists()


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "array",
    [
        np.array([1, "a", None], dtype=object),
        np.zeros(2, dtype=[("a", "f4"), ("b", object)]),
        np.zeros(2, dtype=[("a", "f4"), ("b", "f4")]),
        np.zeros(2, "M8[s]"),
    ],
    ids=["objects", "records of objects", "records", "dates"],
)
def test_arrays_of_anything_but_numbers_are_refused(tmp_path, array, protocol):
    assert "array" in refused(tmp_path, pickle.dumps({("QPSK", 2): array}, protocol))


@pytest.mark.parametrize(
    "content", [{}, [], 3, "text", {"a": 1}, {"a": {"b": np.ones(2)}}, {(("a",),): np.ones(2)}]
)
def test_what_is_no_dictionary_of_arrays_is_refused(tmp_path, content):
    refused(tmp_path, pickle.dumps(content, 2))


@pytest.mark.parametrize("protocol", [0, 2])
def test_a_file_cut_anywhere_is_refused(tmp_path, arrays, protocol):
    content = python2_pickle(arrays, protocol)
    for end in [*range(400), *range(400, len(content), 97), len(content) - 1]:
        refused(tmp_path, content[:end])


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_damaged_file_gives_arrays_or_one_line_and_never_another_error(
    tmp_path, arrays, protocol, rng
):
    small = {key: array[:, :, :4] for key, array in arrays.items()}
    content = pickle.dumps(small, 5) if protocol == 5 else python2_pickle(small, protocol)
    for _ in range(400):
        damaged = bytearray(content)
        for place in rng.integers(len(content), size=2):
            damaged[place] = rng.integers(256)
        try:
            read(tmp_path, bytes(damaged))
        except DatasetError as error:
            assert "\n" not in str(error)


def test_an_array_with_other_bytes_than_its_shape_needs_is_refused(tmp_path, arrays):
    content = python2_pickle(arrays, 2)
    assert "shape (9, 2, 128)" in refused(
        tmp_path, content.replace(b"K\x03K\x02K\x80", b"K\x09K\x02K\x80", 1)
    )


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DatasetError, match="no file"):
        read_pickled_arrays(tmp_path / "none")
