"""The axes of an array follow from its sizes, or from what the user says; nothing is guessed."""

from itertools import permutations

import numpy as np
import pytest

from rfmae.errors import DatasetError
from rfmae.imports.arrays.axes import find_axes, parse_axes
from rfmae.imports.arrays.lazy_array import of_values

ROWS, SAMPLES = 5, 7


@pytest.fixture
def iq(rng):
    return (rng.normal(size=(ROWS, SAMPLES)) + 1j * rng.normal(size=(ROWS, SAMPLES))).astype(
        np.complex64
    )


def laid_out(iq, names):
    """The examples with axes in an order of names."""
    plain = {"N": 0, "T": 1}
    values = iq if "2" not in names else np.stack([iq.real, iq.imag], axis=2)
    if "2" in names:
        plain["2"] = 2
    order = [plain[name] for name in names if name in plain]
    values = values.transpose(order)
    for axis, name in enumerate(names):
        if name == "1":
            values = np.expand_dims(values, axis)
    return values


EVERY = [
    *permutations("NT"),
    *permutations("NT2"),
    *permutations("NT21"),
    *permutations("NT1"),
]


@pytest.mark.parametrize("names", EVERY, ids=",".join)
def test_every_order_of_axes_gives_the_same_examples(iq, names):
    values = laid_out(iq, names)
    axes = find_axes(of_values(values), (ROWS,), None, "x")
    assert axes.names == names
    assert np.array_equal(axes.complex_rows(values), iq)
    first = np.take(values, range(2, 4), axes.examples)
    assert np.array_equal(axes.complex_rows(first), iq[2:4])


@pytest.mark.parametrize(
    ("shape", "kind", "readings"),
    [
        ((8, 8), "c8", "N,T or T,N"),
        ((8, 2, 8), "f4", "N,2,T or T,2,N"),
        ((8, 2, 2), "f4", "N,2,T or N,T,2"),
    ],
)
def test_sizes_with_several_readings_are_asked_for(shape, kind, readings):
    with pytest.raises(DatasetError, match=f"may be {readings}; say which with --axes"):
        find_axes(of_values(np.zeros(shape, kind)), (8,), None, "x")
    given = parse_axes(readings.split(" or ")[1])
    assert find_axes(of_values(np.zeros(shape, kind)), (8,), given, "x") is given


def test_without_labels_the_examples_come_first():
    assert str(find_axes(of_values(np.zeros((9, 2, 128))), (), None, "x")) == "N,2,T"
    assert str(find_axes(of_values(np.zeros((9, 128, 2))), (), None, "x")) == "N,T,2"


def test_amplitude_and_phase_are_read_where_they_are_named(iq):
    polar = np.stack([np.abs(iq), np.angle(iq)], axis=1)
    axes = find_axes(of_values(polar), (ROWS,), parse_axes("N,AP,T"), "x")
    assert np.allclose(axes.complex_rows(polar), iq, atol=1e-6)
    with pytest.raises(DatasetError, match=r"in radians, .* convert degrees"):
        axes.complex_rows(np.stack([np.abs(iq), np.degrees(np.angle(iq))], axis=1))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("N,2", "must name N .* T"),
        ("N,T,T", "must name N"),
        ("N,2,T,AP", "must name N"),
        ("N,X,T", "unknown axis 'x'"),
        ("N,T,2", r"does not fit x, which has shape \(5, 2, 7\)"),
        ("N,T", "does not fit"),
    ],
)
def test_axes_that_cannot_be_are_refused_with_the_rule(text, words):
    with pytest.raises(DatasetError, match=words):
        find_axes(of_values(np.zeros((5, 2, 7))), (5,), parse_axes(text), "x")


def test_a_real_matrix_is_no_iq():
    with pytest.raises(DatasetError, match="complex"):
        find_axes(of_values(np.zeros((5, 7))), (5,), None, "x")
    with pytest.raises(DatasetError, match="real and needs an axis of I and Q"):
        find_axes(of_values(np.zeros((5, 7))), (5,), parse_axes("N,T"), "x")
