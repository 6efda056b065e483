import pytest
import torch
from torch import nn

from rfmae.training.averaging import WeightAverage


def test_an_average_is_the_recursion_of_its_definition(rng):
    network = nn.Linear(3, 2)
    average = WeightAverage(network, 0.9)
    expected = network.weight.detach().double()
    for update in range(1, 200):
        with torch.no_grad():
            network.weight += torch.from_numpy(rng.normal(size=(2, 3))).float()
        average.update(update)
        kept = min(0.9, (1 + update) / (10 + update))
        expected = kept * expected + (1 - kept) * network.weight.detach().double()
    # float32 against float64
    torch.testing.assert_close(average.averages["weight"].double(), expected, rtol=1e-5, atol=1e-5)


def test_weights_that_stand_still_are_their_own_average():
    network = nn.Linear(3, 2)
    average = WeightAverage(network, 0.99)
    for update in range(1, 50):
        average.update(update)
    torch.testing.assert_close(average.averages, dict(network.named_parameters()))


def test_a_share_of_nothing_keeps_the_last_weights():
    network = nn.Linear(3, 2)
    average = WeightAverage(network, 0.0)
    with torch.no_grad():
        network.weight.fill_(7.0)
    average.update(1)
    assert torch.equal(average.averages["weight"], network.weight)


def test_a_network_is_lent_the_average_and_gets_its_own_weights_back():
    network = nn.Linear(3, 2)
    average = WeightAverage(network, 0.9)
    start = network.weight.detach().clone()
    with torch.no_grad():
        network.weight += 1
    own, place = network.weight.detach().clone(), network.weight.data_ptr()
    with pytest.raises(KeyError), average.in_place():
        assert torch.equal(network.weight, start)
        assert network.weight.data_ptr() == place  # a compiled graph knows weights by their place
        raise KeyError
    assert torch.equal(network.weight, own)
