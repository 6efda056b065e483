import copy
from dataclasses import replace

import pytest
import torch
from torch import nn
from toy_task import PLAN, Toy

from rfmae.errors import TrainingError
from rfmae.training.optimiser import (
    adamw,
    clip_gradients,
    named_state,
    set_named_state,
    set_rate,
    weight_groups,
)
from rfmae.training.schedule import cosine_with_warmup

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
