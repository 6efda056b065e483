"""Every name of a sample type leads to one type, and every type is decoded at its scale."""

import numpy as np
import pytest

from rfmae.captures.sample_types import (
    ALIASES,
    DATATYPES,
    REAL_TYPES,
    SAMPLE_TYPES,
    SUFFIXES,
    decode,
    sample_type,
)
from rfmae.errors import CaptureError


@pytest.mark.parametrize("name", [*SAMPLE_TYPES, *ALIASES])
def test_every_name_is_known_in_small_letters_and_in_capitals(name):
    kind = sample_type(name)
    assert kind == sample_type(name.upper()) == sample_type(f" {name} ")
    assert kind.n_bytes == DATATYPES[kind.name]


@pytest.mark.parametrize("datatype", [*ALIASES.values(), *SUFFIXES.values()])
def test_aliases_and_suffixes_name_known_types(datatype):
    assert datatype in SAMPLE_TYPES


@pytest.mark.parametrize(("name", "near"), [("cf23", "cf32"), ("ci61", "ci16"), ("xyz", "known:")])
def test_an_unknown_name_is_refused_with_the_nearest(name, near):
    with pytest.raises(CaptureError, match=f"unknown datatype '{name}'; .*{near}"):
        sample_type(name)


@pytest.mark.parametrize("name", [name for name in SAMPLE_TYPES if "f" not in name])
def test_fixed_point_goes_from_minus_one_to_one_step_below_one(name):
    kind = SAMPLE_TYPES[name]
    limits = np.iinfo(kind.component)
    ends = np.array([limits.min, limits.max], kind.component)
    out = np.empty(2, np.float32)
    decode(ends, kind, out)
    assert out.tolist() == [-1.0, float(np.float32(1.0 - 1.0 / kind.full_scale))]


@pytest.mark.parametrize("name", SAMPLE_TYPES)
def test_types_are_decoded_as_the_sigmf_package_does(name, tmp_path):
    from sigmf import SigMFFile

    kind = SAMPLE_TYPES[name]
    numbers = np.arange(-64, 64) if "u" not in name else np.arange(128, 256)
    parts = numbers.astype(kind.component)
    data = tmp_path / "x.sigmf-data"
    parts.tofile(data)
    theirs = SigMFFile(data_file=data, global_info={"core:datatype": name}).read_samples()
    ours = np.empty(128, np.float32)
    decode(parts, kind, ours)
    assert np.array_equal(ours.view(np.complex64), theirs)


@pytest.mark.parametrize("name", ["cu32_le", "cu32_be"])
def test_small_values_survive_the_zero_of_32_bits(name):
    kind = SAMPLE_TYPES[name]
    out = np.empty(4, np.float32)
    decode((2**31 + np.array([1, -1, 3, 100])).astype(kind.component), kind, out)
    assert (out * 2.0**31).tolist() == [1, -1, 3, 100]


@pytest.mark.parametrize("name", REAL_TYPES)
def test_a_real_type_is_half_of_the_complex_one(name):
    kind, twin = REAL_TYPES[name], SAMPLE_TYPES["c" + name[1:]]
    assert (kind.is_real, twin.is_real) == (True, False)
    assert twin.n_bytes == 2 * kind.n_bytes
    assert (kind.component, kind.full_scale, kind.zero) == (
        twin.component,
        twin.full_scale,
        twin.zero,
    )
    assert sample_type(name.removesuffix("_le")) == kind
