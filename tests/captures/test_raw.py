"""Raw files are read as what they are said to be, in parts without the rest."""

import os
import tracemalloc

import numpy as np
import pytest

from rfmae.captures.reading import read_capture
from rfmae.captures.sample_types import ALIASES, DATATYPES, SAMPLE_TYPES, SUFFIXES
from rfmae.errors import CaptureError

IQ = (np.arange(32) / 32 - 1j * np.arange(32) / 64).astype(np.complex64)  # exact in 8 bits


def encoded(iq, datatype):
    kind = SAMPLE_TYPES[datatype]
    parts = iq.view(np.float32) * kind.full_scale + kind.zero
    return parts.astype(kind.component).tobytes()


def refusal(path, **options):
    with pytest.raises(CaptureError) as caught:
        read_capture(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", [*DATATYPES, *ALIASES, "CF32"])
def test_every_type_is_read_by_each_of_its_names(tmp_path, name):
    datatype = ALIASES.get(name.lower(), name)
    path = tmp_path / "signal.bin"
    path.write_bytes(encoded(IQ, datatype))
    capture = read_capture(path, datatype=name, sample_rate_hz=48e3)
    assert np.array_equal(capture.iq, IQ)
    assert capture.iq.dtype == np.complex64
    assert (capture.sample_rate_hz, capture.datatype) == (48e3, datatype)
    assert (capture.path, capture.labels, capture.annotations) == (path, (), ())


@pytest.mark.parametrize(("suffix", "datatype"), SUFFIXES.items())
def test_a_suffix_names_the_type_in_small_letters_and_in_capitals(tmp_path, suffix, datatype):
    for name in (f"a{suffix}", f"b{suffix.upper()}"):
        (tmp_path / name).write_bytes(encoded(IQ, datatype))
        assert np.array_equal(read_capture(tmp_path / name, sample_rate_hz=1).iq, IQ)


@pytest.mark.parametrize("suffix", [".rf32", ".ri16_le", ".cf32_le", ".ci16_be"])
def test_any_name_of_a_type_in_sigmf_is_a_suffix(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(bytes(range(1, 65)))
    found = read_capture(path, sample_rate_hz=1, analytic=True).datatype
    assert found.startswith(suffix[1:])
    if suffix.startswith(".r"):
        with pytest.raises(CaptureError, match="holds real samples"):
            read_capture(path, sample_rate_hz=1)


def test_a_type_that_is_named_goes_before_the_suffix(tmp_path):
    path = tmp_path / "signal.iq"
    path.write_bytes(encoded(IQ, "cu8"))
    assert np.array_equal(read_capture(path, datatype="cu8", sample_rate_hz=1).iq, IQ)


@pytest.mark.parametrize("datatype", DATATYPES)
@pytest.mark.parametrize(("first", "count"), [(0, 1), (0, 32), (7, 11), (31, 1), (5, None)])
def test_a_part_is_that_part_of_the_whole(tmp_path, datatype, first, count):
    path = tmp_path / "signal.bin"
    path.write_bytes(encoded(IQ, datatype))
    options = {"datatype": datatype, "sample_rate_hz": 1, "first_sample": first, "count": count}
    stop = None if count is None else first + count
    assert np.array_equal(read_capture(path, **options).iq, IQ[first:stop])


def test_a_part_of_a_large_file_is_read_without_the_rest(tmp_path):
    path = tmp_path / "large.cs16"
    path.touch()
    samples = 2_000_000_000
    os.truncate(path, 4 * samples)  # sparse: eight gigabytes that take no space
    with path.open("r+b") as file:
        file.seek(4 * (samples - 2))
        file.write(encoded(IQ[3:5], "ci16_le"))
    tracemalloc.start()
    capture = read_capture(path, sample_rate_hz=1e6, first_sample=samples - 1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert np.array_equal(capture.iq[-2:], IQ[3:5])
    assert len(capture.iq) == 1000
    assert peak < 1_000_000


# what is refused ----------------------------------------------------------------------------


def test_a_raw_file_without_a_type_requires_type_and_rate(tmp_path):
    path = tmp_path / "signal.bin"
    path.write_bytes(bytes(8))
    assert "name --dtype and --rate" in refusal(path)
    assert "name --dtype and --rate" in refusal(path, sample_rate_hz=1)


def test_a_raw_file_without_a_rate_requires_it(tmp_path):
    path = tmp_path / "signal.cf32"
    path.write_bytes(bytes(8))
    assert "name --rate" in refusal(path)


@pytest.mark.parametrize("rate", [0, -1.0, float("nan"), float("inf")])
def test_a_rate_that_is_not_positive_is_refused(tmp_path, rate):
    path = tmp_path / "signal.cf32"
    path.write_bytes(bytes(8))
    assert "must be positive" in refusal(path, sample_rate_hz=rate)


def test_an_unknown_type_is_refused_with_the_nearest(tmp_path):
    path = tmp_path / "signal.bin"
    path.write_bytes(bytes(8))
    assert "did you mean" in refusal(path, datatype="cf23", sample_rate_hz=1)


def test_an_empty_and_a_missing_file_are_refused(tmp_path):
    path = tmp_path / "signal.cf32"
    assert refusal(path, sample_rate_hz=1) == f"no recording {path}"
    assert refusal(tmp_path, sample_rate_hz=1) == f"no recording {tmp_path}"
    path.touch()
    assert "holds no samples" in refusal(path, sample_rate_hz=1)


@pytest.mark.parametrize("datatype", DATATYPES)
def test_a_file_cut_inside_a_sample_is_refused(tmp_path, datatype):
    path = tmp_path / "signal.bin"
    path.write_bytes(encoded(IQ, datatype)[:-1])
    message = refusal(path, datatype=datatype, sample_rate_hz=1)
    assert f"whole {datatype} samples" in message
    assert "cut short" in message


@pytest.mark.parametrize(
    ("first", "count", "words"),
    [
        (-1, None, "must be 0 or later"),
        (0, 0, "at least one sample"),
        (0, 33, "holds 32 samples, but those from 0 to 32"),
        (32, None, "holds 32 samples, but those from 32 on"),
        (30, 3, "holds 32 samples, but those from 30 to 32"),
    ],
)
def test_a_part_beyond_the_file_is_refused(tmp_path, first, count, words):
    path = tmp_path / "signal.cf32"
    path.write_bytes(encoded(IQ, "cf32_le"))
    assert words in refusal(path, sample_rate_hz=1, first_sample=first, count=count)


def test_a_file_of_another_type_that_gives_no_numbers_names_the_type_it_was_read_as(tmp_path):
    path = tmp_path / "signal.cf32"
    path.write_bytes(bytes([0, 0, 0xC0, 0x7F] * 4))  # NaN, when read as floats
    message = refusal(path, sample_rate_hz=1)
    assert "2 NaN" in message
    assert "read as cf32_le" in message


@pytest.mark.parametrize(("datatype", "level"), [("cf32_le", 0.3), ("ci32_le", 0.3)])
def test_a_suffix_of_two_programs_is_settled_by_the_values(tmp_path, datatype, level):
    rng = np.random.default_rng(1)
    iq = level * (rng.uniform(-1, 1, 500) + 1j * rng.uniform(-1, 1, 500))
    path = tmp_path / "a.c32"
    path.write_bytes(encoded(iq.astype(np.complex64), datatype))
    capture = read_capture(path, sample_rate_hz=1)
    assert np.allclose(capture.iq, iq, atol=1e-6)
    assert capture.notes == (f"read as {datatype} by its values",)


def test_nothing_but_zeros_settles_no_type(tmp_path):
    path = tmp_path / "a.c32"
    path.write_bytes(bytes(800))
    assert "name --dtype" in refusal(path, sample_rate_hz=1)


@pytest.mark.parametrize("suffix", [".f32", ".s16", ".u8"])
def test_suffixes_of_real_samples_and_of_iq_are_refused(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    np.random.default_rng(1).normal(size=800).astype("<f4").tofile(path)
    assert "name --dtype" in refusal(path, sample_rate_hz=1)
