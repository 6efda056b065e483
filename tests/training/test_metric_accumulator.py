import math

import pytest
import torch
from toy_task import CPU

from rfmae.training.metric_accumulator import MetricAccumulator, first_not_finite
from rfmae.training.ranks import Ranks

STEPS = [{"loss": 1.0, "norm": 4.0}, {"loss": 2.0, "norm": 0.5}, {"loss": 6.0, "norm": 1.5}]


def tallied(steps, accumulator=None):
    accumulator = accumulator or MetricAccumulator(Ranks(CPU))
    for metrics in steps:
        accumulator.add({name: torch.tensor(value) for name, value in metrics.items()})
    return accumulator


def test_means_are_over_the_steps_since_the_last_time():
    accumulator = tallied(STEPS)
    assert accumulator.means() == {"loss": 3.0, "norm": 2.0}
    accumulator.clear()
    assert accumulator.means() == {}
    assert tallied(STEPS[:1], accumulator).means() == STEPS[0]


@pytest.mark.parametrize("before", range(4))
def test_an_accumulator_goes_on_from_what_another_returned(before):
    other = MetricAccumulator(Ranks(CPU))
    other.set_state(tallied(STEPS[:before]).state())
    assert tallied(STEPS[before:], other).means() == tallied(STEPS).means()


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", range(3))
def test_a_figure_that_is_no_number_shows_whenever_it_fell(odd, place):
    steps = [dict(metrics) for metrics in STEPS]
    steps[place]["norm"] = odd
    assert first_not_finite(tallied(steps).means()) == "norm"
    assert first_not_finite(tallied(STEPS).means()) is None
