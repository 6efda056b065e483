"""The sketch is a constellation: what is where in the signal is there in the text."""

import numpy as np
import pytest

from rfmae.errors import ShapeError
from rfmae.reporting.sketch import constellation_sketch

SIZES = [(40, 20), (41, 21), (9, 5), (80, 30), (60, 11)]


def is_dot(character):
    return 0x2800 < ord(character) < 0x2900


def dots(lines):
    """Columns and rows of the cells with dots, the line of the letter Q left out."""
    found = [(column, row) for row, line in enumerate(lines[1:]) for column in np.flatnonzero(
        [is_dot(character) for character in line])]  # fmt: skip
    return np.array(found).reshape(-1, 2)


def middle(width, height):
    """The cell of the origin, in a plane that leaves a column and a row to the letters."""
    return (width - 1) // 2 - (width % 2), (height - 1) // 2 - (height % 2)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_sketch_keeps_to_its_size_and_marks_both_axes(rng, width, height):
    lines = constellation_sketch(rng.normal(size=(100, 2)).view(complex), width, height)
    column, row = middle(width, height)
    assert len(lines) == height // 2 * 2  # a middle row, as many above as below, and one more
    assert max(map(len, lines)) <= width
    assert lines[0][column] == "Q"
    assert lines[row + 1].endswith("I")


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize(
    ("point", "side"),
    [(1, (1, 0)), (-1, (-1, 0)), (1j, (0, -1)), (-1j, (0, 1)), (1 + 1j, (1, -1))],
)
def test_i_runs_to_the_right_and_q_upwards(width, height, point, side):
    (cell,) = dots(constellation_sketch(np.full(64, point, np.complex64), width, height))
    assert tuple(np.sign(cell - middle(width, height))) == side


def test_the_origin_is_where_the_axes_cross():
    lines = constellation_sketch(np.zeros(8, np.complex64))
    (cell,) = dots(lines)
    assert tuple(cell) == middle(40, 20)
    assert "┼" not in "".join(lines)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_circle_is_round_in_cells_twice_as_high_as_wide(width, height):
    circle = np.exp(2j * np.pi * np.arange(4000) / 4000)
    across, down = np.ptp(dots(constellation_sketch(circle, width, height)), axis=0) + 1
    # the extent is known to a cell, which counts double upright
    assert across == pytest.approx(2 * down, abs=2)


def test_a_turned_signal_gives_the_turned_sketch(rng):
    iq = np.repeat(rng.normal(size=(200, 2)).view(complex), 4)
    lit = dots(constellation_sketch(iq, 40, 20)) - middle(40, 20)
    half_a_turn = dots(constellation_sketch(-iq, 40, 20)) - middle(40, 20)
    assert {tuple(cell) for cell in lit} == {tuple(-cell) for cell in half_a_turn}


def test_a_spike_does_not_shrink_the_picture(rng):
    qpsk = np.exp(1j * np.pi / 4 * (2 * rng.integers(0, 4, 1000) + 1))
    assert constellation_sketch(np.append(qpsk, [1e9, np.nan])) == constellation_sketch(qpsk)


def test_a_crowd_keeps_its_shape(rng):
    symbols = np.exp(1j * np.pi / 4 * (2 * rng.integers(0, 4, 200_000) + 1))
    noisy = symbols + 0.15 * rng.normal(size=(200_000, 2)).view(complex)[:, 0]
    lit = dots(constellation_sketch(noisy))
    # every dot is hit by some of so many samples, but only the four clouds are to be seen
    assert len(lit) < 0.5 * 39 * 19
    assert middle(40, 20) not in {tuple(cell) for cell in lit}


def test_the_edge_is_reported_in_the_units_of_the_signal():
    bpsk = np.tile([3.0, -3.0], 50).astype(np.complex64)
    assert constellation_sketch(bpsk)[0].endswith("edge ±3.15")


@pytest.mark.parametrize("iq", [np.zeros(0), np.full(3, np.nan)])
def test_nothing_to_see_is_an_empty_plane(iq):
    lines = constellation_sketch(iq.astype(np.complex64))
    assert "┼" in "".join(lines)
    assert len(dots(lines)) == 0


@pytest.mark.parametrize(("width", "height"), [(8, 20), (40, 4), (0, 0)])
def test_a_size_without_room_is_refused(width, height):
    with pytest.raises(ShapeError, match=f"got {width} by {height}"):
        constellation_sketch(np.ones(4, np.complex64), width, height)
