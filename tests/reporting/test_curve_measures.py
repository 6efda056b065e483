"""Lines of figures become curves that say nothing but what was measured."""

import json

import numpy as np
import pytest

from rfmae.errors import ShapeError
from rfmae.reporting.curve_measures import (
    Curve,
    best_of,
    ends,
    last_metrics,
    quantities_of,
    thinned,
)

LINES = [
    {"step": 1, "images_per_second": 9.0, "loss": 2.0, "position_loss": 3.0},
    {"step": 10, "images_per_second": 8.0, "loss": 1.0, "position_loss": 2.0},
    {"step": 10, "validation_loss": 1.5, "validation_accuracy": 0.25},
    {"step": 20, "images_per_second": 9.5, "loss": 0.1, "position_loss": float("nan")},
    {"step": 20, "validation_loss": 1.25, "validation_accuracy": 0.5},
]


def curve(*values):
    return Curve(np.arange(len(values)), np.array(values, float))


def named(lines):
    return {quantity.name: quantity for quantity in quantities_of(lines)}


def test_every_finite_value_is_a_point_and_nothing_else_is(rng):
    lines = [{"step": step, "loss": value, "validation_loss": -value}
             for step, value in enumerate(rng.normal(size=50).tolist())]  # fmt: skip
    lines[7]["loss"], lines[9]["validation_loss"] = float("inf"), float("nan")
    found = named(lines)["loss"]
    assert found.training.steps.tolist() == [step for step in range(50) if step != 7]
    assert found.validation.steps.tolist() == [step for step in range(50) if step != 9]
    for point, value in zip(found.training.steps, found.training.values, strict=True):
        assert lines[point]["loss"] == value


def test_the_loss_comes_first_then_its_parts_then_scores_then_the_machine():
    names = [quantity.name for quantity in quantities_of(LINES)]
    assert names == ["loss", "position_loss", "accuracy", "images_per_second"]


def test_training_and_validation_of_a_quantity_stand_together():
    found = named(LINES)
    assert found["loss"].training.values.tolist() == [2.0, 1.0, 0.1]
    assert found["loss"].validation.values.tolist() == [1.5, 1.25]
    assert len(found["accuracy"].training) == 0
    assert found["accuracy"].validation.steps.tolist() == [10, 20]


def test_a_step_that_was_measured_again_counts_once():
    found = named([{"step": 5, "loss": 1.0}, {"step": 3, "loss": 4.0}, {"step": 5, "loss": 2.0}])
    assert found["loss"].training.steps.tolist() == [3, 5]
    assert found["loss"].training.values.tolist() == [4.0, 2.0]


@pytest.mark.parametrize(
    ("name", "better", "judged"),
    [
        ("loss", "lower", True),
        ("image_reconstruction_loss", "lower", True),
        ("position_accuracy", "higher", True),
        ("learning_rate", "neither", False),
        ("validation_attention_entropy", "neither", True),
    ],
)
def test_the_name_says_which_way_is_better(name, better, judged):
    (quantity,) = quantities_of([{"step": 1, name: 0.5}])
    assert (quantity.better, quantity.is_judged) == (better, judged)


@pytest.mark.parametrize(
    ("name", "values", "logarithmic"),
    [
        ("loss", (2.0, 0.1), True),
        ("loss", (2.0, 0.2), False),  # a decade, and no more
        ("loss", (2.0, -0.1), False),
        ("loss", (2.0, 0.0), False),
        ("accuracy", (0.01, 0.9), False),
        ("learning_rate", (1e-6, 1e-3), False),
        ("gradient_norm", (0.1, 9.0), True),
    ],
)
def test_an_axis_is_logarithmic_where_that_shows_more(name, values, logarithmic):
    (quantity,) = quantities_of([{"step": i, name: v} for i, v in enumerate(values)])
    assert quantity.on_log_scale is logarithmic


def test_the_last_figures_are_plain_json_without_a_nan():
    message = last_metrics(quantities_of(LINES))
    assert message["loss"] == {
        "training": 0.1,
        "training_step": 20,
        "validation": 1.25,
        "validation_step": 20,
    }
    assert message["position_loss"] == {"training": 2.0, "training_step": 10}
    assert json.loads(json.dumps(message, allow_nan=False)) == message
    assert last_metrics([]) == {}


@pytest.mark.parametrize(("better", "place"), [("lower", 1), ("higher", 0)])
def test_the_best_is_the_first_of_the_best(better, place):
    assert best_of(curve(3, 1, 2, 1, 3), better) == place


@pytest.mark.parametrize(("values", "better"), [((), "lower"), ((1.0,), "neither")])
def test_there_is_no_best_of_nothing_and_of_what_is_never_better(values, better):
    with pytest.raises(ShapeError, match=f"{better} being better"):
        best_of(curve(*values), better)


@pytest.mark.parametrize("count", [1, 5, 40])
def test_a_short_curve_is_left_as_it_is(rng, count):
    whole = curve(*rng.normal(size=count))
    band = thinned(whole, 40)
    for values in (band.low, band.middle, band.high):
        np.testing.assert_array_equal(values, whole.values)


@pytest.mark.parametrize(("count", "most"), [(41, 40), (5000, 40), (999, 7)])
def test_a_long_curve_becomes_medians_in_order_with_their_spread(rng, count, most):
    whole = curve(*rng.normal(size=count))
    band = thinned(whole, most)
    assert len(band.steps) == most
    assert (np.diff(band.steps) > 0).all()
    assert (band.low <= band.middle).all()
    assert (band.middle <= band.high).all()
    groups = np.array_split(whole.values, most)
    assert band.middle == pytest.approx([np.median(group) for group in groups])


def test_a_spike_does_not_show_in_the_median_but_a_step_does():
    values = np.where(np.arange(1000) < 500, 2.0, 1.0)
    spiky = values.copy()
    spiky[::100] = 1e6
    np.testing.assert_array_equal(
        thinned(curve(*spiky), 20).middle, thinned(curve(*values), 20).middle
    )
    assert set(thinned(curve(*values), 20).middle) == {1.0, 2.0}


def test_the_ends_are_those_of_all_curves():
    early = Curve(np.array([3, 7]), np.zeros(2))
    late = Curve(np.array([5, 90]), np.zeros(2))
    assert ends([late, early, curve()]) == (3, 90)
    assert ends([curve()]) == (0, 0)


def test_steps_without_values_are_refused():
    with pytest.raises(ShapeError, match=r"\(2,\) and \(3,\)"):
        Curve(np.arange(2), np.zeros(3))
