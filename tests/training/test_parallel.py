"""As many threads as pay."""

import pytest
import torch
from torch import nn

from rfmae.training.numerics import Numerics
from rfmae.training.parallel import LONG_SECONDS, fastest_threads, threads_for, working_with


class Machine:
    """A clock that runs while steps are taken, at a rate of its own for each number of threads."""

    def __init__(self, seconds):
        self.seconds, self.now, self.taken = seconds, 0.0, []

    def step(self):
        threads = torch.get_num_threads()
        self.taken.append(threads)
        self.now += self.seconds[threads]

    def clock(self):
        return self.now


@pytest.fixture
def four_threads():
    with working_with(4):
        yield


@pytest.mark.parametrize(
    ("seconds", "chosen"),
    [
        ({4: 0.1, 2: 0.2, 1: 0.4}, 4),  # all have something to do
        ({4: 0.2, 2: 0.15, 1: 0.1}, 1),  # they wait for one another
        ({4: 0.2, 2: 0.1, 1: 0.15}, 2),
        ({4: 0.1, 2: 0.095, 1: 0.2}, 4),  # not worth it
    ],
)
def test_the_fastest_number_is_chosen_if_it_is_worth_it(seconds, chosen, four_threads):
    machine = Machine(seconds)
    assert fastest_threads(machine.step, 4, clock=machine.clock) == chosen
    assert torch.get_num_threads() == 4


def test_halves_of_an_odd_number_are_tried_down_to_one():
    machine = Machine(dict.fromkeys((6, 3, 1), 0.1))
    assert fastest_threads(machine.step, 6, clock=machine.clock) == 6
    assert {*machine.taken} == {6, 3, 1}


def test_a_long_step_is_timed_once_and_has_all():
    machine = Machine({4: 2 * LONG_SECONDS, 2: 0.1, 1: 0.1})
    assert fastest_threads(machine.step, 4, clock=machine.clock) == 4
    assert len(machine.taken) == 2  # the first, which warms up, and the one that is timed


def test_one_thread_is_not_measured():
    machine = Machine({})
    assert fastest_threads(machine.step, 1, clock=machine.clock) == 1
    assert machine.taken == []


def test_no_number_changes_nothing(four_threads):
    with working_with(None):
        assert torch.get_num_threads() == 4
    with working_with(2):
        assert torch.get_num_threads() == 2
    assert torch.get_num_threads() == 4


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_network_that_was_timed_is_as_it_was(precision, four_threads):
    network, inputs = nn.Linear(8, 1), torch.ones(2, 8)
    before = {name: values.clone() for name, values in network.state_dict().items()}
    chosen = threads_for(network, lambda: network(inputs).sum(), precision)
    assert chosen in (1, 2, 4)
    assert all(torch.equal(before[name], now) for name, now in network.state_dict().items())
    assert all(weight.grad is None for weight in network.parameters())


def test_a_run_remembers_its_threads():
    numerics = Numerics("bfloat16", "default", {}, threads=1)
    assert Numerics.from_card(numerics.as_card()) == numerics
    assert "1 thread," in str(numerics)
    older = {"precision": "float32", "route": "default", "measured": {}}
    assert Numerics.from_card(older).threads is None
