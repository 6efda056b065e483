import copy
from dataclasses import replace

import pytest
import torch
from torch import nn
from toy_task import PLAN, Toy

from rfmae.errors import TrainingError
from rfmae.training.optimiser import (
    WeightAverage,
    adamw,
    clip_gradients,
    cosine_with_warmup,
    named_state,
    set_named_state,
    set_rate,
    weight_groups,
)
from rfmae.training.sampling import MASKS, ORDER, addressed_generator

pytestmark = pytest.mark.usefixtures("one_thread")


def settings_of(network, plan):
    """Rate share and weight decay of every weight by its name."""
    names = {weight: name for name, weight in network.named_parameters()}
    return {
        names[weight]: (group["rate_share"], group["weight_decay"])
        for group in weight_groups(network, plan)
        for weight in group["params"]
    }


def test_every_trained_weight_is_in_one_group():
    network = Toy()
    network.encoder.embed.requires_grad_(False)
    grouped = [weight for group in weight_groups(network, PLAN) for weight in group["params"]]
    trained = [weight for weight in network.parameters() if weight.requires_grad]
    assert len(grouped) == len(trained)
    assert {*map(id, grouped)} == {*map(id, trained)}


def test_matrices_decay_and_biases_norms_and_tokens_do_not():
    for name, (_, decay) in settings_of(Toy(), PLAN).items():
        spared = "norm" in name or name.endswith(("bias", "_token"))
        assert decay == (0.0 if spared else PLAN.weight_decay), name


def test_the_rate_falls_by_one_factor_for_each_storey_of_the_encoder():
    shares = {
        name: share
        for name, (share, _) in settings_of(Toy(), replace(PLAN, layer_decay=0.5)).items()
    }
    assert shares["head.weight"] == shares["encoder.norm.weight"] == 1
    assert shares["encoder.blocks.1.attention.qkv.weight"] == 0.5
    assert shares["encoder.blocks.0.norm_attention.bias"] == 0.25
    assert shares["encoder.embed.weight"] == shares["encoder.class_token"] == 0.125


def test_groups_learn_at_their_share_of_the_schedule():
    plan = replace(PLAN, layer_decay=0.5)
    optimiser = adamw(Toy(), plan)
    for step in (0, 7, 23):
        rate = set_rate(optimiser, plan, step)
        share = cosine_with_warmup(step, plan.steps, plan.warmup_steps)
        assert rate == plan.learning_rate * share
        for group in optimiser.param_groups:
            assert group["lr"] == rate * group["rate_share"]


@pytest.mark.parametrize("largest", [0.1, 1e6, None])
def test_clipping_is_that_of_torch(largest, rng):
    ours, theirs = nn.Linear(4, 3), nn.Linear(4, 3)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        one.grad = torch.from_numpy(rng.normal(size=one.shape)).float()
        other.grad = one.grad.clone()
    norm = clip_gradients([*ours.parameters()], largest)
    expected = nn.utils.clip_grad_norm_(theirs.parameters(), largest or 1e9)
    torch.testing.assert_close(norm, expected)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


def test_the_state_goes_by_names_so_groups_may_change():
    def stepped(network, optimiser):
        network(torch.ones(2, 5, 3)).square().mean().backward()
        optimiser.step()
        return [weight.detach().clone() for weight in network.parameters()]

    network = Toy()
    optimiser = adamw(network, PLAN)
    stepped(network, optimiser)
    twin = Toy()
    twin.load_state_dict(network.state_dict())
    other = adamw(twin, replace(PLAN, layer_decay=0.5))
    set_named_state(twin, other, copy.deepcopy(named_state(network, optimiser)))
    for group in other.param_groups:
        group["lr"] = PLAN.learning_rate
    network.zero_grad()
    for one, two in zip(stepped(network, optimiser), stepped(twin, other), strict=True):
        assert torch.equal(one, two)


def test_a_network_that_is_frozen_as_a_whole_is_refused():
    with pytest.raises(TrainingError, match="freeze less"):
        weight_groups(Toy().requires_grad_(False), PLAN)


def test_the_learning_rate_rises_then_falls_to_nothing():
    shares = [cosine_with_warmup(step, 100, 10) for step in range(100)]
    assert shares[9] == 1
    assert shares[:10] == sorted(shares[:10])
    assert shares[9:] == sorted(shares[9:], reverse=True)
    assert shares[-1] == pytest.approx(0, abs=1e-3)


def test_an_address_decides_the_draw_and_nothing_else_does():
    def draw(*address):
        return torch.rand(4, generator=addressed_generator(*address)).tolist()

    assert draw(1, MASKS, 7) == draw(1, MASKS, 7)
    others = [draw(1, MASKS, 8), draw(1, ORDER, 7), draw(2, MASKS, 7)]
    assert draw(1, MASKS, 7) not in others
    assert len({tuple(item) for item in others}) == 3


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
