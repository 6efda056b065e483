"""Both pre-trainers: networks, masks, noise and losses from configuration and seed."""

import pytest
import torch
from small_networks import generator, inputs_of, small_config

from rfmae.configuration.masking import Masking
from rfmae.configuration.noising import Noising
from rfmae.models.pretrainers import PatchPretrainer, RingsPretrainer, pretrainer_of
from rfmae.models.rings import HarmonicGrid, RingsConfig
from rfmae.models.rings_mae import RingsMAEConfig

RINGS = RingsConfig((HarmonicGrid("harmonics", (False, True)),), 16, 4, 8)
RAMP, DRAWN = Masking(0.75, start_ratio=0.25), Masking(0.75, lowest=0.25)

CONFIGS = {
    "patches": small_config(masking=RAMP),
    "noised patches": small_config(masking=RAMP, noising=Noising(0.5, block=1)),
    "rings": RingsMAEConfig(RINGS, masking=RAMP),
    "rings, whole": RingsMAEConfig(RINGS, masking=Masking(0.0)),
    "patches by drawn ratios": small_config(masking=DRAWN),
    "rings by drawn ratios": RingsMAEConfig(RINGS, masking=DRAWN),
}


@pytest.fixture(params=CONFIGS.values(), ids=CONFIGS)
def pretrainer(request):
    return pretrainer_of(request.param)


def step_of(pretrainer, seed=0):
    """The losses of one step on examples that are drawn for it."""
    network = pretrainer.network(generator(seed))
    masks = pretrainer.masks(4, generator(2), 5, 10)
    noise = pretrainer.noise(masks, generator(3))
    config = pretrainer.config
    inputs, targets = inputs_of(config, 4), inputs_of(config, 4, seed=9)
    return network, pretrainer.losses(network, inputs, targets, masks, noise)


def test_each_configuration_has_its_own(pretrainer):
    rings = isinstance(pretrainer.config, RingsMAEConfig)
    assert isinstance(pretrainer, RingsPretrainer if rings else PatchPretrainer)


def test_a_step_is_decided_by_its_seeds_and_has_a_slope(pretrainer):
    network, losses = step_of(pretrainer)
    assert losses.keys() >= {"loss", "reconstruction_loss", "position_loss"}
    assert all(torch.isfinite(value) for value in losses.values())
    assert step_of(pretrainer)[1] == losses
    assert step_of(pretrainer, seed=1)[1]["loss"] != losses["loss"]
    losses["loss"].backward()
    assert any(weight.grad.abs().sum() > 0 for weight in network.parameters())
    assert not any(losses[name].requires_grad for name in losses if name != "loss")


def hidden(masks):
    return sum(mask.hidden_ids.shape[1] for mask in masks.values())


def test_a_ramp_hides_more_and_more_and_validation_as_much_as_use(pretrainer):
    begun, done = (pretrainer.masks(3, generator(), step, 10) for step in (0, 10))
    final, held = pretrainer.masks(3, generator()), pretrainer.validation_masks(3, generator())
    if pretrainer.config.masking is RAMP:
        assert hidden(begun) < hidden(done)
    assert hidden(done) == hidden(final)
    if pretrainer.config.masking is DRAWN:  # of which the lowest is used in inference
        assert 0 < hidden(held) < hidden(final)
    else:
        assert hidden(held) == hidden(final)
    assert sum(mask.noised for mask in held.values()) == 0


def test_a_rest_of_one_example_has_a_loss(pretrainer):
    """The last batch of a validation split."""
    network = pretrainer.network(generator())
    masks, inputs = pretrainer.validation_masks(1, generator()), inputs_of(pretrainer.config, 1)
    losses = pretrainer.losses(network, inputs, inputs, masks, None)
    assert torch.isfinite(losses["loss"])
