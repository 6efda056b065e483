"""One step of pre-training, computed in different ways: same loss and gradients, to 1e-5."""

from itertools import permutations

import pytest
import torch
from small_networks import (
    FAMILY,
    assert_same_step,
    built,
    generator,
    gradients_of,
    inputs_of,
    losses_of,
    masks_of,
    member,
    noise_of,
    output_of,
    small_config,
    step_of,
)
from torch.nn import functional as F

from rfmae.configuration.masking import Masking
from rfmae.configuration.noising import Noising
from rfmae.configuration.objective import PixelTask, PositionTask
from rfmae.models import transformer
from rfmae.models.denomae import draw_masks
from rfmae.models.objectives.total import denomae_losses
from rfmae.models.patches import PatchMask, take
from rfmae.models.vit import Stem

PLAIN = ["base, one", "base, three", "symmetric, one", "symmetric, three", "all patches, one"]


@pytest.mark.parametrize("name", PLAIN)
def test_explicit_attention_learns_as_the_fused_one_of_torch(name, monkeypatch):
    network = member(name)
    explicit = step_of(network)
    called = []

    def fused(query, key, value):
        called.append(True)
        return F.scaled_dot_product_attention(query, key, value)

    monkeypatch.setattr(transformer, "attend", fused)
    assert_same_step(step_of(network), explicit)
    assert called


@pytest.mark.parametrize("name", [*PLAIN, "learned, three", "entropy, one"])
def test_embedding_the_visible_alone_learns_as_embedding_all(name, monkeypatch):
    network = member(name)
    visible_alone = step_of(network)
    stem = Stem.forward
    monkeypatch.setattr(
        Stem, "forward", lambda self, inputs, mask: take(stem(self, inputs, None), mask.visible_ids)
    )
    assert_same_step(step_of(network), visible_alone)


@pytest.mark.parametrize("name", FAMILY)
def test_predicting_what_is_requested_learns_as_predicting_everything(name):
    network = member(name)
    assert_same_step(step_of(network, everything=True), step_of(network))


@pytest.mark.parametrize("name", [name for name in FAMILY if "dropout" not in name])
def test_the_order_of_tokens_changes_no_loss_and_no_gradient(name):
    """Noised tokens stay among themselves, and their noise with them."""
    network = member(name)
    masks = masks_of(network.config)
    if any(mask.unplaced or mask.noised for mask in masks.values()):
        turned = {key: _hidden_turned(mask) for key, mask in masks.items()}
    else:
        turned = {key: _sorted(mask) for key, mask in masks.items()}
    assert_same_step(step_of(network, turned), step_of(network, masks))


def _sorted(mask):
    return PatchMask(mask.visible_ids.sort(dim=1).values, mask.hidden_ids.sort(dim=1).values)


def _hidden_turned(mask):
    return PatchMask(mask.visible_ids, mask.hidden_ids.flip(1), mask.unplaced, mask.noised)


def test_the_order_in_which_modalities_are_named_changes_nothing():
    network = member("symmetric entropy, three")
    config = network.config
    masks, inputs = masks_of(config), inputs_of(config)
    expected = network(inputs, masks, noise_of(config, masks))
    for names in permutations(masks):
        output = network(
            {name: inputs[name] for name in names},
            {name: masks[name] for name in names},
            noise_of(config, masks),
        )
        assert torch.equal(output.tokens, expected.tokens)
        assert all(torch.equal(output.predicted[name], expected.predicted[name]) for name in names)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["base, one", "much of it, one", "symmetric hard, one"])
def test_a_compiled_network_is_one_graph_and_says_the_same(name):
    network = member(name)
    names = [*network.state_dict()]
    config = network.config
    masks, inputs = masks_of(config), inputs_of(config)
    noise = noise_of(config, masks)
    torch._dynamo.reset()
    compiled = torch.compile(network, backend="eager", fullgraph=True)
    steps = []
    for variant in (network, compiled):
        loss = denomae_losses(variant(inputs, masks, noise), inputs, config)["loss"]
        steps.append((loss.detach(), gradients_of(network, loss)))
    assert_same_step(steps[1], steps[0])
    assert [*network.state_dict()] == names


OFF = {
    "no position dropout": {"position": PositionTask(dropout=0.0)},
    "no noise": {
        "noising": Noising(
            0.0, 1, "unit", disruption="hard", disruption_weight=3, classify_noised=True
        )
    },
    "no laplacian": {"laplacian_weight": 0.0},
    "no uniformity": {"uniformity_weight": 0.0, "uniformity_level": "token"},
    "no ramp": {"masking": Masking(start_ratio=None, ramp_share=0.2, quantum=3)},
    "a ramp that stays": {"masking": Masking(start_ratio=0.75, quantum=1)},
    "single patches": {"masking": Masking(unit=1)},
    "positions that are not learned": {"positions": "sine-cosine"},
    "mask tokens in the decoder": {"mask_tokens": "decoder"},
    "ordinary patches": {"pixels": PixelTask("hidden", "clean", False, "squared")},
}


@pytest.mark.parametrize("switches", OFF.values(), ids=OFF)
@pytest.mark.parametrize("step", [1, 50, 100])
def test_a_switch_that_is_off_is_the_base_network_bit_for_bit(switches, step):
    steps = []
    for config in (small_config(), small_config(**switches)):
        masks = draw_masks(config, 3, generator(2), step, 100)
        steps.append((*step_of(built(config), masks), masks["image"]))
    (loss, gradients, mask), (expected_loss, expected_gradients, expected_mask) = steps
    assert torch.equal(mask.patch_ids, expected_mask.patch_ids)
    assert torch.equal(loss, expected_loss)
    assert gradients.keys() == expected_gradients.keys()
    assert all(torch.equal(value, expected_gradients[key]) for key, value in gradients.items())


def test_the_base_loss_is_the_papers():
    network = member("base, one")
    masks, clean = masks_of(network.config)["image"], inputs_of(network.config, seed=9)["image"]
    output, loss = output_of(network), losses_of(network)["loss"]
    cut = clean.unfold(2, 4, 4).unfold(3, 4, 4).permute(0, 2, 3, 1, 4, 5).reshape(3, 16, 32)
    rows = torch.arange(3)[:, None]
    error = (output.predicted["image"] - cut[rows, masks.hidden_ids]).square().mean()
    named = output.position_logits["image"].log_softmax(-1)
    surprise = -named[rows, torch.arange(4), masks.visible_ids].mean()
    torch.testing.assert_close(loss, error + 0.1 * surprise)
