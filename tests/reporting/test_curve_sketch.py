"""Curves in text: what falls goes down, what is measured stands where it was."""

import numpy as np
import pytest

from rfmae.errors import ShapeError
from rfmae.reporting.curve_measures import quantities_of
from rfmae.reporting.curve_sketch import run_sketch

ROWS = 10  # of the large chart, a line of title above
LEFT = 10  # columns of labels and of the axis


def lines_of(values, name="loss", **more):
    return [{"step": step, name: float(value), **more} for step, value in enumerate(values, 1)]


def sketch(lines, **options):
    return run_sketch(quantities_of(lines), **options)


def plane(lines, width=80):
    """The characters of the large chart, (rows, columns)."""
    rows = [line.ljust(width)[LEFT:width] for line in lines[1 : 1 + ROWS]]
    return np.array([list(row) for row in rows])


def heights(lines, mark="*"):
    """Mean row, from the top, of the marks in each column that has any."""
    cells = plane(lines) == mark
    rows = np.arange(ROWS)[:, None]
    return (cells * rows).sum(axis=0)[cells.any(axis=0)] / cells.sum(axis=0)[cells.any(axis=0)]


@pytest.mark.parametrize("count", [2, 3, 70, 5000])
def test_a_falling_loss_falls_from_the_upper_left_to_the_lower_right(count):
    cells = plane(sketch(lines_of(np.linspace(1, 0.5, count)), plain=True)) == "*"
    assert cells[0, 0]
    assert cells[-1, -1]
    assert (np.diff(heights(sketch(lines_of(np.linspace(1, 0.5, count)), plain=True))) >= 0).all()
    assert cells.any(axis=0).all()  # no hole in the line


def test_a_loss_turned_upside_down_gives_the_sketch_upside_down(rng):
    values = rng.normal(size=300).cumsum()
    up = plane(sketch(lines_of(values), plain=True)) == "*"
    down = plane(sketch(lines_of(-values), plain=True)) == "*"
    # a value halfway between two rows may be rounded to either side
    assert (up[::-1] == down).mean() > 0.97


def test_a_steady_fall_over_decades_is_a_straight_line_on_the_logarithmic_axis():
    said = sketch(lines_of(np.geomspace(100, 0.01, 500)), plain=True)
    assert "logarithmic" in said[0]
    straight = np.linspace(0, ROWS - 1, 70)
    assert np.abs(heights(said) - straight).max() <= 1  # a row


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("spike", [1e9, -1e9])
def test_a_spike_among_thousands_does_not_shrink_the_picture(plain, spike):
    values = np.linspace(1, 0.5, 7000)
    spiky = values.copy()
    spiky[3333] = spike
    assert sketch(lines_of(spiky), plain=plain)[1:11] == sketch(lines_of(values), plain=plain)[1:11]


@pytest.mark.parametrize("plain", [True, False])
def test_validation_stands_at_its_steps_and_heights(plain):
    lines = lines_of([1.0] * 70)
    lines += [
        {"step": step, "validation_loss": value} for step, value in ((1, 2), (35, 0), (70, 1))
    ]
    rows, columns = np.nonzero(plane(sketch(lines, plain=plain)) == "o")
    places = dict(zip(columns.tolist(), rows.tolist(), strict=True))
    assert places == {0: 0, 34: ROWS - 1, 69: pytest.approx(4.5, abs=0.5)}


def test_the_axis_is_labelled_with_the_values_at_its_ends():
    said = sketch(lines_of(np.linspace(3, 1, 50)), plain=True)
    assert said[1].split()[0] == "3"
    assert said[ROWS].split()[0] == "1"
    assert said[ROWS + 2].split() == ["1", "step", "50"]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("plain", [True, False])
def test_nothing_is_wider_than_requested_for(rng, width, plain):
    names = ("loss", "a_part_with_a_name_that_is_far_too_long_for_a_line_loss", "b_loss", "c_loss",
             "accuracy", "learning_rate")  # fmt: skip
    lines = [
        {"step": 1000 * step, **{name: rng.lognormal(sigma=20) for name in names}}
        for step in range(1, 2000)
    ]
    said = sketch(lines, width=width, plain=plain)
    assert max(map(len, said)) <= max(width, 70)  # the table needs 70
    assert max(map(len, said[: ROWS + 3])) <= width


def test_the_plain_sketch_is_ascii_and_the_other_has_dots(rng):
    lines = lines_of(rng.normal(size=500), validation_loss=0.5, part_loss=2.0)
    assert "".join(sketch(lines, plain=True)).isascii()
    assert any(0x2800 < ord(character) < 0x2900 for character in "".join(sketch(lines)))


def test_the_table_tells_first_last_and_best_with_their_steps():
    lines = lines_of([4.0, 0.0625, 0.5], accuracy=0.25, learning_rate=1e-5)
    lines += [{"step": 2, "validation_loss": 3.0}, {"step": 3, "validation_loss": 3.5}]
    table = [line.split() for line in sketch(lines, plain=True)]
    assert ["loss", "4", "1", "0.5", "3", "0.0625", "2"] in table
    assert ["on", "validation", "3", "2", "3.5", "3", "3", "2"] in table
    assert ["accuracy", "0.25", "1", "0.25", "3", "0.25", "1"] in table
    assert ["learning", "rate", "1e-05", "1", "1e-05", "3"] in table  # no best


def test_the_parts_are_drawn_small_and_the_machine_is_not(rng):
    more = {"part_loss": 2.0, "accuracy": 0.5, "images_per_second": 90.0}
    said = "\n".join(sketch(lines_of(rng.normal(size=50), **more), plain=True))
    assert said.count("+---") == 3  # loss, its part, the accuracy


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("value", [0.0, -3.0, 1e-30, 1e30])
def test_a_single_value_is_a_point_in_the_middle(plain, value):
    said = sketch(lines_of([value]), plain=plain)
    rows, columns = np.nonzero(plane(said) != " ")
    assert columns.tolist() == [0]
    assert rows.tolist() == [pytest.approx(4.5, abs=0.5)]


def test_validation_alone_is_drawn_too():
    said = sketch(
        [{"step": 5, "validation_accuracy": 0.5}, {"step": 9, "validation_accuracy": 0.75}]
    )
    assert (plane(said) == "o").sum() == 2
    assert "validation: o" in said[0]
    assert "training" not in said[0]


def test_nothing_measured_is_nothing_drawn():
    assert run_sketch([]) == []
    assert sketch([{"step": 1, "loss": float("nan")}]) == []


def test_a_width_without_room_is_refused():
    with pytest.raises(ShapeError, match="at least 40 characters, got 39"):
        run_sketch([], width=39)
